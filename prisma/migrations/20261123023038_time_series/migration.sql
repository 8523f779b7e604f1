-- CreateTable
CREATE TABLE "series" (
    "id" SERIAL NOT NULL,
    "service_id" TEXT NOT NULL,
    "metric" TEXT NOT NULL,
    "subject" TEXT NOT NULL,

    CONSTRAINT "series_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "series_raw" (
    "at" TIMESTAMPTZ(3) NOT NULL,
    "value" DOUBLE PRECISION NOT NULL,
    "series_id" INTEGER NOT NULL,

    CONSTRAINT "series_raw_pkey" PRIMARY KEY ("series_id","at")
) PARTITION BY RANGE ("at");

-- CreateTable
CREATE TABLE "series_minute" (
    "at" TIMESTAMPTZ(3) NOT NULL,
    "min" DOUBLE PRECISION NOT NULL,
    "max" DOUBLE PRECISION NOT NULL,
    "sum" DOUBLE PRECISION NOT NULL,
    "last" DOUBLE PRECISION NOT NULL,
    "count" INTEGER NOT NULL,
    "last_offset_ms" INTEGER NOT NULL,
    "series_id" INTEGER NOT NULL,

    CONSTRAINT "series_minute_pkey" PRIMARY KEY ("series_id","at")
) PARTITION BY RANGE ("at");

-- CreateTable
CREATE TABLE "series_hour" (
    "at" TIMESTAMPTZ(3) NOT NULL,
    "min" DOUBLE PRECISION NOT NULL,
    "max" DOUBLE PRECISION NOT NULL,
    "sum" DOUBLE PRECISION NOT NULL,
    "last" DOUBLE PRECISION NOT NULL,
    "count" INTEGER NOT NULL,
    "last_offset_ms" INTEGER NOT NULL,
    "series_id" INTEGER NOT NULL,

    CONSTRAINT "series_hour_pkey" PRIMARY KEY ("series_id","at")
) PARTITION BY RANGE ("at");

-- CreateTable
CREATE TABLE "series_progress" (
    "id" INTEGER NOT NULL,
    "sealed_until" TIMESTAMPTZ(3) NOT NULL,
    "minutes_until" TIMESTAMPTZ(3) NOT NULL,
    "hours_until" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "series_progress_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "series_late" (
    "id" BIGSERIAL NOT NULL,
    "series_id" INTEGER NOT NULL,
    "minute" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "series_late_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "series_service_id_metric_subject_key" ON "series"("service_id", "metric", "subject");

-- What the schema language cannot say: the tables of samples and rollups are partitioned, and the application, which owns nothing, has their partitions
-- made and dropped through two functions that can touch nothing else.

INSERT INTO series_progress (id, sealed_until, minutes_until, hours_until)
VALUES (1, date_trunc('hour', now(), 'UTC'), date_trunc('hour', now(), 'UTC'), date_trunc('hour', now(), 'UTC'));

-- Samples are never changed and nothing is deleted row by row; marks of late samples are, when they are worked off.
REVOKE UPDATE, DELETE, TRUNCATE ON series_raw FROM lifeboat_app;
REVOKE DELETE, TRUNCATE ON series_minute, series_hour FROM lifeboat_app;
REVOKE INSERT, DELETE, TRUNCATE ON series_progress FROM lifeboat_app;

-- How long a tier is kept and how much of it one partition holds. Raises for any other word.
CREATE FUNCTION series_tier(tier text, OUT parent text, OUT unit text, OUT keep interval) LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  CASE tier
    WHEN 'raw' THEN parent := 'series_raw'; unit := 'day'; keep := interval '7 days';
    WHEN 'minute' THEN parent := 'series_minute'; unit := 'day'; keep := interval '90 days';
    WHEN 'hour' THEN parent := 'series_hour'; unit := 'month'; keep := interval '731 days';
    ELSE RAISE EXCEPTION 'no tier of series is called %', tier USING ERRCODE = 'invalid_parameter_value';
  END CASE;
END
$$;

-- Makes the partition that an instant falls into, unless it is there. Refuses instants past the keep of the tier and more than 40 days ahead.
-- Made beside the table and then attached: that holds up neither readers nor writers.
CREATE FUNCTION series_make_partition(tier text, instant timestamptz) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET lock_timeout = '5s' SET timezone = 'UTC' AS $$
DECLARE
  kind record;
  begins timestamptz;
  ends timestamptz;
  name text;
BEGIN
  SELECT * INTO STRICT kind FROM public.series_tier(tier);
  begins := date_trunc(kind.unit, instant);
  ends := begins + ('1 ' || kind.unit)::interval;
  IF begins IS NULL OR ends <= now() - kind.keep OR begins > now() + interval '40 days' THEN
    RAISE EXCEPTION 'no partition of % for %: it is past its keep or too far ahead', kind.parent, instant
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  name := kind.parent || '_p' || to_char(begins, CASE kind.unit WHEN 'day' THEN 'YYYYMMDD' ELSE 'YYYYMM' END);
  IF to_regclass('public.' || name) IS NOT NULL THEN
    RETURN false;
  END IF;
  PERFORM pg_advisory_xact_lock(7430102);
  -- Asked of the table itself: what to_regclass remembers may be older than the lock.
  IF EXISTS (SELECT FROM pg_class WHERE relname = name AND relnamespace = 'public'::regnamespace) THEN
    RETURN false;
  END IF;
  EXECUTE format('CREATE TABLE public.%I (LIKE public.%I INCLUDING ALL)', name, kind.parent);
  EXECUTE format('ALTER TABLE public.%I ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)', kind.parent, name, begins, ends);
  -- Reached through its parent alone, whose rights are those above.
  EXECUTE format('REVOKE ALL ON public.%I FROM lifeboat_app', name);
  RETURN true;
END
$$;

-- Drops the partitions of a tier that lie wholly past its keep, and says which.
CREATE FUNCTION series_drop_expired(tier text) RETURNS SETOF text LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' SET timezone = 'UTC' AS $$
DECLARE
  kind record;
  found_name text;
BEGIN
  SELECT * INTO STRICT kind FROM public.series_tier(tier);
  PERFORM pg_advisory_xact_lock(7430102);
  FOR found_name IN
    SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = ('public.' || kind.parent)::regclass
      AND substring(pg_get_expr(c.relpartbound, c.oid) FROM 'TO \(''([^'']+)''\)')::timestamptz <= now() - kind.keep
    ORDER BY c.relname
  LOOP
    EXECUTE format('DROP TABLE public.%I', found_name);
    RETURN NEXT found_name;
  END LOOP;
END
$$;

REVOKE ALL ON FUNCTION series_tier(text), series_make_partition(text, timestamptz), series_drop_expired(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION series_make_partition(text, timestamptz), series_drop_expired(text) TO lifeboat_app;
