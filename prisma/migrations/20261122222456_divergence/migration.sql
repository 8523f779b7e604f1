-- CreateTable
CREATE TABLE "divergence" (
    "id" TEXT NOT NULL,
    "service_id" TEXT NOT NULL,
    "server_id" TEXT NOT NULL,
    "region" TEXT NOT NULL,
    "run_id" TEXT NOT NULL,
    "incident_id" TEXT,
    "fork_lsn" TEXT NOT NULL,
    "fork_timeline" INTEGER NOT NULL,
    "end_lsn" TEXT NOT NULL,
    "bytes" BIGINT NOT NULL,
    "transactions" INTEGER NOT NULL,
    "last_commit_at" TIMESTAMPTZ(3),
    "complete" BOOLEAN NOT NULL,
    "tables" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "kept_at" TIMESTAMPTZ(3),

    CONSTRAINT "divergence_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "stranded_row" (
    "divergence_id" TEXT NOT NULL,
    "seq" INTEGER NOT NULL,
    "table_name" TEXT NOT NULL,
    "op" TEXT NOT NULL,
    "row" JSONB,

    CONSTRAINT "stranded_row_pkey" PRIMARY KEY ("divergence_id","seq")
);

-- CreateTable
CREATE TABLE "divergence_decision" (
    "divergence_id" TEXT NOT NULL,
    "table_name" TEXT NOT NULL,
    "decision" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "decided_by" JSONB NOT NULL,
    "decided_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "divergence_decision_pkey" PRIMARY KEY ("divergence_id","table_name")
);

-- CreateIndex
CREATE INDEX "divergence_service_id_created_at_idx" ON "divergence"("service_id", "created_at");

-- CreateIndex
CREATE UNIQUE INDEX "divergence_service_id_server_id_fork_timeline_fork_lsn_end__key" ON "divergence"("service_id", "server_id", "fork_timeline", "fork_lsn", "end_lsn");

-- CreateIndex
CREATE INDEX "stranded_row_divergence_id_table_name_seq_idx" ON "stranded_row"("divergence_id", "table_name", "seq");

-- AddForeignKey
ALTER TABLE "stranded_row" ADD CONSTRAINT "stranded_row_divergence_id_fkey" FOREIGN KEY ("divergence_id") REFERENCES "divergence"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "divergence_decision" ADD CONSTRAINT "divergence_decision_divergence_id_fkey" FOREIGN KEY ("divergence_id") REFERENCES "divergence"("id") ON DELETE CASCADE ON UPDATE CASCADE;
