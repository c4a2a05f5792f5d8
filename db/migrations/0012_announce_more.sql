-- Lists of roms can be limited by the stored filter of a smart collection.
CREATE TRIGGER "announce_library" AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON "smart_collections"
	FOR EACH STATEMENT EXECUTE FUNCTION "announce_library"();
--> statement-breakpoint
-- Notes, saves and states of others are shown with the picture of their owner.
CREATE TRIGGER "announce_pictures" AFTER UPDATE OF "avatar_path" ON "users"
	FOR EACH STATEMENT EXECUTE FUNCTION "announce_library"();
