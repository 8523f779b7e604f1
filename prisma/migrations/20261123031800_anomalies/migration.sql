-- CreateTable
CREATE TABLE "anomaly" (
    "id" TEXT NOT NULL,
    "service_id" TEXT NOT NULL,
    "server_id" TEXT NOT NULL,
    "table_name" TEXT NOT NULL,
    "rows" BIGINT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "until" TIMESTAMPTZ(3) NOT NULL,
    "lsn" TEXT,
    "limit_rows" INTEGER NOT NULL,
    "window_ms" INTEGER NOT NULL,
    "detected_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "anomaly_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "anomaly_service_id_at_idx" ON "anomaly"("service_id", "at");
