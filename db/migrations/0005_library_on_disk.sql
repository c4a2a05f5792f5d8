ALTER TABLE "rom_files" ADD COLUMN "hashed_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "rom_files" ADD COLUMN "is_packed" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "scans" ADD COLUMN "rom_ids" integer[] DEFAULT '{}'::integer[] NOT NULL;--> statement-breakpoint
ALTER TABLE "scans" ADD COLUMN "sources" text[] DEFAULT '{}'::text[] NOT NULL;