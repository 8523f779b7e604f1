-- CreateTable
CREATE TABLE "kill_switch" (
    "scope" TEXT NOT NULL,
    "on" BOOLEAN NOT NULL,
    "reason" TEXT NOT NULL,
    "changed_by" JSONB NOT NULL,
    "changed_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "kill_switch_pkey" PRIMARY KEY ("scope")
);

-- CreateTable
CREATE TABLE "standing_approval" (
    "id" TEXT NOT NULL,
    "service_id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "digest" TEXT NOT NULL,
    "config_digest" TEXT NOT NULL,
    "document" JSONB NOT NULL,
    "requester_id" TEXT NOT NULL,
    "requester" JSONB NOT NULL,
    "reason" TEXT NOT NULL,
    "requested_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "revoked_at" TIMESTAMPTZ(3),
    "revoked_by" JSONB,
    "revoke_reason" TEXT,

    CONSTRAINT "standing_approval_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "standing_vote" (
    "approval_id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "voter" JSONB NOT NULL,
    "decision" TEXT NOT NULL,
    "digest" TEXT NOT NULL,
    "comment" TEXT NOT NULL,
    "decided_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "standing_vote_pkey" PRIMARY KEY ("approval_id","user_id")
);

-- CreateTable
CREATE TABLE "automatic_action" (
    "run_id" TEXT NOT NULL,
    "service_id" TEXT NOT NULL,
    "incident_id" TEXT NOT NULL,
    "mode" TEXT NOT NULL,
    "ordinal" INTEGER NOT NULL,
    "standing_approval_id" TEXT,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "acknowledged_at" TIMESTAMPTZ(3),
    "acknowledged_by" JSONB,
    "acknowledge_reason" TEXT,

    CONSTRAINT "automatic_action_pkey" PRIMARY KEY ("run_id")
);

-- CreateTable
CREATE TABLE "announced_maintenance" (
    "id" TEXT NOT NULL,
    "service_id" TEXT NOT NULL,
    "starts_at" TIMESTAMPTZ(3) NOT NULL,
    "ends_at" TIMESTAMPTZ(3) NOT NULL,
    "reason" TEXT NOT NULL,
    "announced_by" JSONB NOT NULL,
    "announced_at" TIMESTAMPTZ(3) NOT NULL,
    "cancelled_at" TIMESTAMPTZ(3),

    CONSTRAINT "announced_maintenance_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "standing_approval_service_id_requested_at_idx" ON "standing_approval"("service_id", "requested_at");

-- CreateIndex
CREATE INDEX "automatic_action_service_id_mode_at_idx" ON "automatic_action"("service_id", "mode", "at");

-- CreateIndex
CREATE UNIQUE INDEX "automatic_action_incident_id_mode_ordinal_key" ON "automatic_action"("incident_id", "mode", "ordinal");

-- CreateIndex
CREATE INDEX "announced_maintenance_service_id_ends_at_idx" ON "announced_maintenance"("service_id", "ends_at");
