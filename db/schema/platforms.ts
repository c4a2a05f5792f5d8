import { boolean, index, integer, pgTable, text, unique } from "drizzle-orm/pg-core";
import { idColumn, stamps, textC } from "./columns.ts";

/** One row per platform folder; several folders may share a slug. */
export const platforms = pgTable(
  "platforms",
  {
    id: idColumn(),
    slug: textC("slug").notNull(),
    fsSlug: textC("fs_slug").notNull(),
    name: text("name").notNull(),
    /** Natural-order key of the shown name (custom name first). */
    nameSortKey: textC("name_sort_key").notNull(),
    customName: text("custom_name").notNull().default(""),
    description: text("description").notNull().default(""),
    igdbId: integer("igdb_id"),
    sgdbId: integer("sgdb_id"),
    mobyId: integer("moby_id"),
    ssId: integer("ss_id"),
    raId: integer("ra_id"),
    launchboxId: integer("launchbox_id"),
    hasheousId: integer("hasheous_id"),
    tgdbId: integer("tgdb_id"),
    flashpointId: integer("flashpoint_id"),
    igdbSlug: text("igdb_slug"),
    mobySlug: text("moby_slug"),
    hltbSlug: text("hltb_slug"),
    libretroSlug: text("libretro_slug"),
    category: text("category"),
    generation: integer("generation"),
    familyName: text("family_name"),
    familySlug: text("family_slug"),
    url: text("url"),
    urlLogo: text("url_logo"),
    aspectRatio: text("aspect_ratio").notNull().default("2 / 3"),
    missingFromFs: boolean("missing_from_fs").notNull().default(false),
    ...stamps(),
  },
  (t) => [
    unique("platforms_fs_slug_key").on(t.fsSlug),
    index("platforms_slug_idx").on(t.slug),
    index("platforms_updated_idx").on(t.updatedAt),
  ],
);
