-- CreateTable
CREATE TABLE "signal_track" (
    "service_id" TEXT NOT NULL,
    "signal" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "since" TIMESTAMPTZ(3) NOT NULL,
    "ok_since" TIMESTAMPTZ(3),
    "beyond_since" TIMESTAMPTZ(3),
    "critical_since" TIMESTAMPTZ(3),
    "unknown_since" TIMESTAMPTZ(3),

    CONSTRAINT "signal_track_pkey" PRIMARY KEY ("service_id","signal","subject")
);

-- CreateTable
CREATE TABLE "alert" (
    "id" TEXT NOT NULL,
    "service_id" TEXT NOT NULL,
    "signal" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "cause" TEXT NOT NULL,
    "severity" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "title" TEXT NOT NULL,
    "sentence" TEXT NOT NULL,
    "value" DOUBLE PRECISION,
    "unit" TEXT NOT NULL,
    "href" TEXT NOT NULL,
    "opened_at" TIMESTAMPTZ(3) NOT NULL,
    "changed_at" TIMESTAMPTZ(3) NOT NULL,
    "acknowledged_at" TIMESTAMPTZ(3),
    "acknowledged_by" JSONB,
    "acknowledge_note" TEXT,
    "resolved_at" TIMESTAMPTZ(3),

    CONSTRAINT "alert_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "alert_event" (
    "id" BIGSERIAL NOT NULL,
    "alert_id" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "kind" TEXT NOT NULL,
    "message" TEXT NOT NULL,
    "actor" JSONB NOT NULL,

    CONSTRAINT "alert_event_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "alert_silence" (
    "id" TEXT NOT NULL,
    "service_id" TEXT NOT NULL,
    "signal" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "created_by" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "until" TIMESTAMPTZ(3) NOT NULL,
    "ended_at" TIMESTAMPTZ(3),
    "ended_by" JSONB,

    CONSTRAINT "alert_silence_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "readiness_evaluation" (
    "id" BIGSERIAL NOT NULL,
    "service_id" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "status" TEXT NOT NULL,
    "sentence" TEXT NOT NULL,
    "findings" JSONB NOT NULL,
    "expected" JSONB,
    "digest" TEXT NOT NULL,

    CONSTRAINT "readiness_evaluation_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "threshold_override" (
    "service_id" TEXT NOT NULL,
    "signal" TEXT NOT NULL,
    "warn" DOUBLE PRECISION NOT NULL,
    "critical" DOUBLE PRECISION NOT NULL,
    "reason" TEXT NOT NULL,
    "changed_by" JSONB NOT NULL,
    "changed_at" TIMESTAMPTZ(3) NOT NULL,
    "previous_warn" DOUBLE PRECISION,
    "previous_critical" DOUBLE PRECISION,

    CONSTRAINT "threshold_override_pkey" PRIMARY KEY ("service_id","signal")
);

-- CreateIndex
CREATE INDEX "alert_service_id_signal_subject_opened_at_idx" ON "alert"("service_id", "signal", "subject", "opened_at");

-- CreateIndex
CREATE INDEX "alert_state_opened_at_idx" ON "alert"("state", "opened_at");

-- CreateIndex
CREATE INDEX "alert_event_alert_id_at_idx" ON "alert_event"("alert_id", "at");

-- CreateIndex
CREATE INDEX "alert_silence_service_id_until_idx" ON "alert_silence"("service_id", "until");

-- CreateIndex
CREATE INDEX "readiness_evaluation_service_id_at_idx" ON "readiness_evaluation"("service_id", "at");

-- AddForeignKey
ALTER TABLE "alert_event" ADD CONSTRAINT "alert_event_alert_id_fkey" FOREIGN KEY ("alert_id") REFERENCES "alert"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- At most one unresolved alert of a signal and subject, however many evaluators there are.
CREATE UNIQUE INDEX "alert_one_open" ON "alert" ("service_id", "signal", "subject") WHERE "state" <> 'resolved';
