CREATE FUNCTION "note_removals"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	-- Rows mostly go with others, by cascade: only here are all of them seen.
	INSERT INTO "removals" ("entity", "entity_id", "removed_at") SELECT TG_TABLE_NAME, "id", now() FROM "gone";
	RETURN NULL;
END
$$;
--> statement-breakpoint
CREATE FUNCTION "note_own_removals"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO "removals" ("entity", "entity_id", "user_id", "removed_at")
		SELECT TG_TABLE_NAME, "id", CASE WHEN "is_public" THEN NULL ELSE "user_id" END, now() FROM "gone";
	RETURN NULL;
END
$$;
--> statement-breakpoint
CREATE TRIGGER "note_removals" AFTER DELETE ON "roms" REFERENCING OLD TABLE AS "gone"
	FOR EACH STATEMENT EXECUTE FUNCTION "note_removals"();
--> statement-breakpoint
CREATE TRIGGER "note_removals" AFTER DELETE ON "platforms" REFERENCING OLD TABLE AS "gone"
	FOR EACH STATEMENT EXECUTE FUNCTION "note_removals"();
--> statement-breakpoint
CREATE TRIGGER "note_removals" AFTER DELETE ON "collections" REFERENCING OLD TABLE AS "gone"
	FOR EACH STATEMENT EXECUTE FUNCTION "note_own_removals"();
