DO $$
DECLARE
	"watched" text;
BEGIN
	-- Lists of roms can be limited to a collection or to favourites.
	FOREACH "watched" IN ARRAY ARRAY['collections', 'collections_roms']
	LOOP
		EXECUTE format('CREATE TRIGGER announce_library AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON %I
			FOR EACH STATEMENT EXECUTE FUNCTION announce_library()', "watched");
	END LOOP;
END
$$;
