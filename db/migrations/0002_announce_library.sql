CREATE FUNCTION "announce_library"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	-- Delivered after the commit, once per transaction whatever the number of statements.
	PERFORM pg_notify('library_changed', '');
	RETURN NULL;
END
$$;
--> statement-breakpoint
DO $$
DECLARE
	"watched" text;
BEGIN
	-- The tables that kept answers of the read routes are made from.
	FOREACH "watched" IN ARRAY ARRAY['platforms', 'firmware', 'roms', 'rom_files', 'rom_facets', 'rom_provider_metadata',
		'track_meta', 'rom_user', 'rom_notes', 'saves', 'states', 'screenshots']
	LOOP
		EXECUTE format('CREATE TRIGGER announce_library AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON %I
			FOR EACH STATEMENT EXECUTE FUNCTION announce_library()', "watched");
	END LOOP;
END
$$;
