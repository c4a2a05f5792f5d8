INSERT INTO "permission_groups" ("name", "description", "is_default", "is_system", "color") VALUES
	('Viewer', 'Reads the library; manages only own collections, playlists, assets and devices.', true, true, '#3b82f6'),
	('Editor', 'What a viewer may do, and creates, edits and deletes roms, platforms and firmware.', false, true, '#f59e0b')
ON CONFLICT DO NOTHING;
--> statement-breakpoint
INSERT INTO "permission_group_grants" ("group_id", "entity", "action", "own_only")
SELECT "permission_groups"."id", "granted"."entity", "granted"."action", "granted"."own_only"
FROM "permission_groups"
CROSS JOIN (VALUES
	('roms', 'read', false),
	('platforms', 'read', false),
	('firmware', 'read', false),
	('collections', 'read', false),
	('collections', 'write', true),
	('collections', 'delete', true),
	('playlists', 'read', false),
	('playlists', 'write', true),
	('playlists', 'delete', true),
	('assets', 'read', false),
	('assets', 'write', true),
	('assets', 'delete', true),
	('devices', 'read', true),
	('devices', 'write', true),
	('devices', 'delete', true)
) AS "granted" ("entity", "action", "own_only")
WHERE "permission_groups"."name" IN ('Viewer', 'Editor') AND "permission_groups"."is_system"
ON CONFLICT DO NOTHING;
--> statement-breakpoint
INSERT INTO "permission_group_grants" ("group_id", "entity", "action", "own_only")
SELECT "permission_groups"."id", "granted"."entity", "granted"."action", false
FROM "permission_groups"
CROSS JOIN (VALUES
	('roms', 'write'),
	('roms', 'delete'),
	('platforms', 'write'),
	('platforms', 'delete'),
	('firmware', 'write'),
	('firmware', 'delete')
) AS "granted" ("entity", "action")
WHERE "permission_groups"."name" = 'Editor' AND "permission_groups"."is_system"
ON CONFLICT DO NOTHING;
