-- CreateTable
CREATE TABLE "second_factor" (
    "user_id" TEXT NOT NULL,
    "sealed_secret" TEXT NOT NULL,
    "confirmed_at" TIMESTAMPTZ(3),
    "at_sign_in" BOOLEAN NOT NULL DEFAULT false,
    "last_used_step" INTEGER NOT NULL DEFAULT 0,
    "backup_hashes" TEXT[],
    "failures" INTEGER NOT NULL DEFAULT 0,
    "failed_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "second_factor_pkey" PRIMARY KEY ("user_id")
);

-- CreateTable
CREATE TABLE "break_glass_review" (
    "run_id" TEXT NOT NULL,
    "service_id" TEXT NOT NULL,
    "requester_id" TEXT NOT NULL,
    "requested_at" TIMESTAMPTZ(3) NOT NULL,
    "due_at" TIMESTAMPTZ(3) NOT NULL,
    "reviewer" JSONB,
    "reviewed_at" TIMESTAMPTZ(3),
    "verdict" TEXT,
    "findings" TEXT,

    CONSTRAINT "break_glass_review_pkey" PRIMARY KEY ("run_id")
);

-- CreateTable
CREATE TABLE "commit_window" (
    "run_id" TEXT NOT NULL,
    "service_id" TEXT NOT NULL,
    "fenced_server_id" TEXT NOT NULL,
    "fenced_region" TEXT NOT NULL,
    "writer_server_id" TEXT NOT NULL,
    "fork_lsn" TEXT NOT NULL,
    "forked_at" TIMESTAMPTZ(3) NOT NULL,
    "opened_at" TIMESTAMPTZ(3) NOT NULL,
    "ends_at" TIMESTAMPTZ(3) NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'open',
    "decided_by" JSONB,
    "decided_at" TIMESTAMPTZ(3),
    "reason" TEXT,

    CONSTRAINT "commit_window_pkey" PRIMARY KEY ("run_id")
);

-- CreateIndex
CREATE INDEX "break_glass_review_reviewed_at_idx" ON "break_glass_review"("reviewed_at");

-- CreateIndex
CREATE INDEX "commit_window_service_id_opened_at_idx" ON "commit_window"("service_id", "opened_at");

-- CreateIndex
CREATE INDEX "commit_window_state_ends_at_idx" ON "commit_window"("state", "ends_at");

-- A service has one way back at a time.
CREATE UNIQUE INDEX "commit_window_one_open" ON "commit_window"("service_id") WHERE "state" = 'open';
