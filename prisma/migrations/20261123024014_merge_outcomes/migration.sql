-- CreateTable
CREATE TABLE "merge_outcome" (
    "run_id" TEXT NOT NULL,
    "seq" INTEGER NOT NULL,
    "divergence_id" TEXT NOT NULL,
    "table_name" TEXT NOT NULL,
    "outcome" TEXT NOT NULL,
    "note" TEXT,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "merge_outcome_pkey" PRIMARY KEY ("run_id","seq")
);

-- CreateIndex
CREATE INDEX "merge_outcome_divergence_id_seq_idx" ON "merge_outcome"("divergence_id", "seq");
