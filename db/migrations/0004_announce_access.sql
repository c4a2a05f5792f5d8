DO $$
DECLARE
	"watched" text;
BEGIN
	-- What decides which rows a caller may see; kept answers are made from it too.
	FOREACH "watched" IN ARRAY ARRAY['hidden_entities', 'permission_groups', 'permission_group_grants',
		'user_permission_overrides']
	LOOP
		EXECUTE format('CREATE TRIGGER announce_library AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON %I
			FOR EACH STATEMENT EXECUTE FUNCTION announce_library()', "watched");
	END LOOP;
END
$$;
--> statement-breakpoint
-- Not for every change of an account: its last activity is noted all the time.
CREATE TRIGGER announce_library AFTER DELETE OR UPDATE OF "username", "role", "enabled", "permission_group_id" ON "users"
	FOR EACH STATEMENT EXECUTE FUNCTION announce_library();
