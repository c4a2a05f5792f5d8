import type { Executor } from "@multitap/db";
import { saves, screenshots } from "@multitap/db/schema/assets";
import { devices } from "@multitap/db/schema/devices";
import { platforms } from "@multitap/db/schema/platforms";
import { romProviderMetadata, roms } from "@multitap/db/schema/roms";
import { users } from "@multitap/db/schema/users";
import { eq, sql } from "drizzle-orm";
import { HIDING_SETTING } from "./contract.ts";
import type { Entry } from "./rules.ts";

/** A picture that an entry may show. */
export interface EntryPicture {
  readonly id: number;
  readonly updatedAt: Date;
  readonly isPublic: boolean;
}

/** What is to be said of an entry. */
export interface EntryFacts {
  readonly username: string;
  readonly avatarPath: string;
  /** The account keeps off everybody else's board. */
  readonly isHiding: boolean;
  readonly rom: Pick<
    typeof roms.$inferSelect,
    | "id"
    | "platformId"
    | "name"
    | "fsName"
    | "pathCoverSmall"
    | "updatedAt"
    | "pathScreenshots"
    | "urlScreenshots"
  >;
  /** The first screen of the game, below the resources folder. */
  readonly titleScreen: string | null;
  readonly platformSlug: string;
  readonly platformName: string;
  /** The app on the device; null when it is not registered. */
  readonly client: string | null;
  readonly isRegistered: boolean;
  /** Of the newest save that has one. */
  readonly picture: EntryPicture | null;
}

/** Tells whether an account keeps off everybody else's board. */
const isHiding = sql<boolean>`coalesce(${users.uiSettings} -> ${HIDING_SETTING}::text = 'true'::jsonb, false)`;

/** What is to be said of entries, in one statement; null for one whose account or rom is gone or disabled. */
export async function listEntryFacts(
  db: Executor,
  entries: readonly Entry[],
): Promise<readonly (EntryFacts | null)[]> {
  if (entries.length === 0) return [];
  const given = JSON.stringify(
    entries.map(({ userId, romId, deviceId }, place) => ({ place, userId, romId, deviceId })),
  );
  const rows = await db
    .select({
      place: sql<number>`e.place`,
      username: users.username,
      avatarPath: users.avatarPath,
      isHiding,
      rom: {
        id: roms.id,
        platformId: roms.platformId,
        name: roms.name,
        fsName: roms.fsName,
        pathCoverSmall: roms.pathCoverSmall,
        updatedAt: roms.updatedAt,
        pathScreenshots: roms.pathScreenshots,
        urlScreenshots: roms.urlScreenshots,
      },
      titleScreen: sql<string | null>`(
        select m.data ->> 'title_screen_path' from ${romProviderMetadata} m
        where m.rom_id = ${roms.id} and m.data ->> 'title_screen_path' <> '' order by m.provider desc limit 1)`,
      platformSlug: platforms.slug,
      platformName: sql<string>`coalesce(nullif(${platforms.customName}, ''), ${platforms.name})`,
      client: devices.client,
      registeredId: devices.id,
      picture: sql<{ id: number; updatedAt: string; isPublic: boolean } | null>`(
        select json_build_object('id', p.id, 'updatedAt', p.updated_at, 'isPublic', p.is_public)
        from ${saves} s join ${screenshots} p on p.id = s.screenshot_id
        where s.user_id = ${users.id} and s.rom_id = ${roms.id}
        order by s.content_updated_at desc, s.id desc limit 1)`,
    })
    .from(
      sql`jsonb_to_recordset(${given}::jsonb)
        as e (place int4, "userId" int4, "romId" int4, "deviceId" text)`,
    )
    .innerJoin(users, sql`${users.id} = e."userId" and ${users.enabled}`)
    .innerJoin(roms, sql`${roms.id} = e."romId"`)
    .innerJoin(platforms, eq(platforms.id, roms.platformId))
    .leftJoin(devices, sql`${devices.id} = e."deviceId" and ${devices.userId} = ${users.id}`);
  const byPlace = new Map(
    rows.map(({ place, registeredId, picture, ...facts }) => [
      place,
      {
        ...facts,
        isRegistered: registeredId !== null,
        picture: picture === null ? null : { ...picture, updatedAt: new Date(picture.updatedAt) },
      },
    ]),
  );
  return entries.map((_entry, place) => byPlace.get(place) ?? null);
}
