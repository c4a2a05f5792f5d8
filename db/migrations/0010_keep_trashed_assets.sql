CREATE FUNCTION "keep_trashed_asset"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	"reason" text := coalesce(nullif(current_setting('multitap.trash_reason', true), ''), 'deleted');
	"gone" jsonb := to_jsonb(OLD);
BEGIN
	IF TG_OP = 'UPDATE' THEN
		"reason" := 'replaced';
	END IF;
	-- Columns that only some of the tables have are read by name.
	INSERT INTO "trashed_assets" ("kind", "asset_id", "user_id", "rom_id", "file_name", "file_path", "file_size_bytes",
		"stored_path", "md5_hash", "sha1_hash", "content_hash", "emulator", "slot", "canonical_name", "is_bundle",
		"origin_device_id", "content_updated_at", "reason", "trashed_at")
	VALUES (TG_TABLE_NAME, OLD."id", OLD."user_id", OLD."rom_id", OLD."file_name", OLD."file_path",
		OLD."file_size_bytes", OLD."stored_path", OLD."md5_hash", OLD."sha1_hash", "gone" ->> 'content_hash',
		"gone" ->> 'emulator', "gone" ->> 'slot', coalesce("gone" ->> 'canonical_name', OLD."file_name"),
		coalesce(("gone" ->> 'is_bundle')::boolean, false), "gone" ->> 'origin_device_id',
		coalesce(("gone" ->> 'content_updated_at')::timestamptz, OLD."updated_at"), "reason", clock_timestamp());
	RETURN NULL;
END
$$;
--> statement-breakpoint
DO $$
DECLARE
	"watched" text;
BEGIN
	FOREACH "watched" IN ARRAY ARRAY['saves', 'states', 'screenshots']
	LOOP
		EXECUTE format('CREATE TRIGGER keep_deleted_asset AFTER DELETE ON %I
			FOR EACH ROW EXECUTE FUNCTION keep_trashed_asset()', "watched");
		EXECUTE format('CREATE TRIGGER keep_replaced_asset AFTER UPDATE OF stored_path ON %I
			FOR EACH ROW WHEN (OLD.stored_path IS DISTINCT FROM NEW.stored_path)
			EXECUTE FUNCTION keep_trashed_asset()', "watched");
		EXECUTE format('CREATE TRIGGER note_removals AFTER DELETE ON %I REFERENCING OLD TABLE AS "gone"
			FOR EACH STATEMENT EXECUTE FUNCTION note_own_removals()', "watched");
	END LOOP;
END
$$;
