/**
 * Every deliberate difference from the recording and the documents of the reference, with its reason. A row that
 * explains nothing fails the run, so that none outlives its cause.
 */
import { USER_FILE_DIFFERENCES } from "./differences-user-files.ts";
import type { Difference } from "./judge.ts";

const auth: readonly Difference[] = [
  ...["auth/24", "auth/25"].map(
    (where): Difference => ({
      where,
      what: "header",
      at: "set-cookie romm_session",
      ours: "absent",
      theirs: "*",
      reason:
        "A session in use is renewed at intervals, not with every answer: a slow answer cannot bring back a session that has just ended.",
    }),
  ),
  {
    where: "auth/29",
    what: "status",
    ours: "401 Could not validate credentials",
    theirs: "500",
    reason: "A token that is none is refused; the reference breaks on it.",
  },
  {
    where: "auth/42",
    what: "status",
    ours: "200*",
    theirs: "401",
    reason:
      "Within 30 s a used refresh token gives the same pair again, for two tabs and for lost answers; after that 401.",
  },
  {
    where: "POST /api/token",
    what: "parameter",
    at: "client_*",
    ours: "absent",
    theirs: "body string|null",
    reason: "No documented behaviour of the route depends on them; forms may send them.",
  },
];

const accounts: readonly Difference[] = [
  {
    where: "users/57",
    what: "value",
    at: "[].order",
    ours: "*",
    theirs: "*",
    reason: "The recorded list has no order that its request or its values explain. Ours is sorted by id.",
  },
  ...["[].name", "[].description"].map(
    (at): Difference => ({
      where: "permissions/619",
      what: "value",
      at,
      ours: "*",
      theirs: "*",
      reason:
        "The built-in groups are not called legacy where there is no older installation; both texts are free.",
    }),
  ),
  {
    where: "PUT /api/permissions/users/{user_id}",
    what: "parameter",
    at: "set_group",
    ours: "absent",
    theirs: "body boolean",
    reason:
      "The route reads it and decides by it whether the group counts; our document lists what the operation takes.",
  },
];

const REGION_REASON =
  "The recording took the region from a rom by a call that is not among its pairs, so here one more has it.";

/** What hangs on the region of one rom. */
const region: readonly Difference[] = [
  ...(
    [
      ["collections/517", "rom_ids[]", "*", "*"],
      ["collections/517", "rom_count", "4", "3"],
      ["collections/519", "[].rom_ids[]", "*", "*"],
      ["collections/519", "[].rom_count", "4", "3"],
      ["roms-list/523", "total", "4", "3"],
      ["stats/569", "REGION_BREAKDOWN.4[].count", "4", "3"],
    ] as const
  ).map(
    ([where, at, ours, theirs]): Difference => ({
      where,
      what: "value",
      at,
      ours,
      theirs,
      reason: REGION_REASON,
    }),
  ),
  {
    where: "roms-list/523",
    what: "field",
    at: "items[]{Star Pilot (USA).z64}",
    ours: "*",
    theirs: "absent",
    reason: REGION_REASON,
  },
  {
    where: "GET /api/roms",
    what: "parameter",
    at: "*_logic",
    ours: "absent",
    theirs: "query string",
    reason:
      "The route reads it and decides by it what its list means; our document lists what the operation takes.",
  },
];

const UNRECORDED_REASON = "The recording changed a rom by a call that is not among its pairs.";

const library: readonly Difference[] = [
  ...["roms-list/*", "roms-detail/*", "roms-lookup/277", "roms-write/*"].map(
    (where): Difference => ({
      where,
      what: "value",
      at: where === "roms-list/*" ? "items[].ra_hash" : "ra_hash",
      ours: "",
      theirs: "*",
      reason:
        "These files hold made-up bytes: by RetroAchievements' own rules what does not begin as a cartridge of this console, or cannot be unpacked, has no hash; the reference took the digest of the bytes.",
    }),
  ),
  ...(
    [
      ["stats/568", "TOTAL_FILESIZE_BYTES", "76643", "76624"],
      ["stats/569", "TOTAL_FILESIZE_BYTES", "76643", "76624"],
      ["stats/569", "METADATA_COVERAGE.4.length", "[]", "*"],
    ] as const
  ).map(
    ([where, at, ours, theirs]): Difference => ({
      where,
      what: "value",
      at,
      ours,
      theirs,
      reason: UNRECORDED_REASON,
    }),
  ),
  ...["162", "523"].map(
    (seq): Difference => ({
      where: `roms-list/${seq}`,
      what: "value",
      at: "items[].order",
      ours: "*",
      theirs: "*",
      reason:
        "Roms of the same name stand by id, so that pages never overlap; the reference leaves ties to its database.",
    }),
  ),
  ...["162", "164", "180", "189", "199", "213", "523"].map(
    (seq): Difference => ({
      where: `roms-list/${seq}`,
      what: "value",
      at: "rom_id_index[]",
      ours: "*",
      theirs: "*",
      reason:
        "Roms that are equal in what they are ordered by stand by id; the reference leaves ties to its database.",
    }),
  ),
  ...["2", "6"].map(
    (platform): Difference => ({
      where: "stats/569",
      what: "value",
      at: `REGION_BREAKDOWN.${platform}[].order`,
      ours: "*",
      theirs: "*",
      reason: "Regions with the same count stand by name; the reference leaves ties to its database.",
    }),
  ),
  ...["path_cover_small", "path_cover_large"].map(
    (at): Difference => ({
      where: "roms-write/323",
      what: "value",
      at,
      ours: "/assets/romm/resources/roms/*",
      theirs: "/assets/romm/resources/roms/*",
      reason:
        "The part behind the question mark is a number wherever covers are told; only that it changes with the cover counts.",
    }),
  ),
  {
    where: "roms-files/305",
    what: "value",
    at: "length",
    ours: "10373",
    theirs: "10949",
    reason:
      "Both are zips of the same files; ours has no time stamps beside the format's own and no comments.",
  },
  {
    where: "roms-files/306",
    what: "header",
    at: "content-type",
    ours: "application/zip",
    theirs: "application/octet-stream",
    reason: "A part of a zip is a part of the same zip, whichever bytes were asked for.",
  },
];

const platforms: readonly Difference[] = [
  {
    where: "platforms/146",
    what: "value",
    at: "[].order",
    ours: "*",
    theirs: "*",
    reason: "Folders stand by name; the reference leaves their order to the disk.",
  },
  ...["firmware/589", "firmware/590"].map(
    (where): Difference => ({
      where,
      what: "header",
      at: "content-disposition",
      ours: "attachment; filename*=UTF-8''scph5501.bin; filename=*",
      theirs: "attachment; filename=*",
      reason:
        "Every download names its file in both spellings, so that no app depends on which one it reads.",
    }),
  ),
];

const transfers: readonly Difference[] = [
  {
    where: "roms-files/289",
    what: "status",
    ours: "200*",
    theirs: "500",
    reason: "One file of a rom, by the file's id, is documented and served; the reference breaks on it.",
  },
  {
    where: "roms-files/316",
    what: "value",
    at: "length",
    ours: "11580",
    theirs: "12422",
    reason:
      "Both are zips of the same files; ours has no time stamps beside the format's own and no comments.",
  },
  {
    where: "roms-upload/363",
    what: "status",
    ours: "400 Missing chunks: [1, 2]",
    theirs: "201",
    reason: "The recording leaves out two of the three chunks that were sent before.",
  },
];

const config: readonly Difference[] = [
  {
    where: "config/565",
    what: "status",
    ours: "400 Unknown exclusion type 'NOPE'",
    theirs: "500",
    reason: "A list that does not exist is refused; the reference breaks on it.",
  },
];

const wizard: readonly Difference[] = [
  {
    where: "setup/5",
    what: "value",
    at: "existing_platforms[].order",
    ours: "*",
    theirs: "*",
    reason: "Folders stand by name; the reference leaves their order to the disk.",
  },
  {
    where: "setup/5",
    what: "value",
    at: "existing_platforms[].rom_count",
    ours: "16",
    theirs: "17",
    reason:
      "Entries that begin with a dot are documented not to count, and the made folder holds 16 others; the recorded one may have held a file that scans pass over.",
  },
];

const tasks: readonly Difference[] = [
  {
    where: "tasks/576",
    what: "value",
    at: ".length",
    ours: "*",
    theirs: "*",
    reason: "The replay scans the library once where the recording scanned it twice.",
  },
];

const collections: readonly Difference[] = [
  {
    where: "collections/499",
    what: "status",
    ours: "409 Collection with name 'Best' already exists",
    theirs: "500",
    reason:
      "A name that is taken is a conflict; the reference says the same sentence with a status of its own fault.",
  },
  ...["[].path_cover_small", "[].path_cover_large"].map(
    (at): Difference => ({
      where: "collections/506",
      what: "value",
      at,
      ours: "/assets/romm/resources/collections/*",
      theirs: "/assets/romm/resources/collections/*",
      reason:
        "The part behind the question mark is a number as for roms; only that it changes with the cover counts.",
    }),
  ),
  {
    where: "collections/533",
    what: "status",
    ours: "404 Virtual collection with id 'zzz' not found",
    theirs: "500",
    reason: "An id that is none is not found; the reference breaks on it.",
  },
];

const notes: readonly Difference[] = [
  ...["update_last_played", "remove_last_played"].map(
    (at): Difference => ({
      where: "PUT /api/roms/{id}/props",
      what: "parameter",
      at,
      ours: "absent",
      theirs: "query boolean",
      reason:
        "The route reads it from the query and from the body; our document lists what the operation takes.",
    }),
  ),
  {
    where: "roms-write/342",
    what: "status",
    ours: "422*",
    theirs: "500",
    reason: "A note without a title is refused; the reference breaks on it.",
  },
  {
    where: "roms-write/344",
    what: "status",
    ours: "200",
    theirs: "500",
    reason: "The notes of a rom can be read; the reference breaks on its own list.",
  },
];

const playing: readonly Difference[] = ["play-sessions/490", "activity/497", "deletes/641"].map((where) => ({
  where,
  what: "header",
  at: "content-type",
  ours: "absent",
  theirs: "application/json",
  reason: "An answer without a body has no type of one.",
}));

const protocol: readonly Difference[] = [
  {
    where: "generic/646",
    what: "header",
    at: "allow",
    ours: "GET, HEAD",
    theirs: "GET",
    reason: "Every route that answers GET answers HEAD.",
  },
  {
    where: "roms-files/298",
    what: "header",
    at: "content-type",
    ours: "application/octet-stream",
    theirs: "text/html",
    reason: "The page of the web server in front of the reference; clients read status and content-range.",
  },
  {
    where: "roms-files/298",
    what: "value",
    ours: "",
    theirs: "<html>*",
    reason: "The page of the web server in front of the reference; clients read status and content-range.",
  },
];

const feeds: readonly Difference[] = [
  ...["thumbnail", "background"].map(
    (at): Difference => ({
      where: "feeds/595",
      what: "field",
      at,
      ours: "absent",
      theirs: "https://raw.githubusercontent.com/*",
      reason:
        "The format does not ask for these two pictures, and the recorded ones are those of another project.",
    }),
  ),
  {
    where: "feeds/595",
    what: "value",
    at: "categories.length",
    ours: "*",
    theirs: "*",
    reason: "The recorded library had a second folder of one platform, which no recorded request made.",
  },
  {
    where: "feeds/603",
    what: "value",
    ours: "1\n\t\n\tgba\tANY\t*",
    theirs: "1\n\t\ngba\tANY\t*",
    reason:
      "A row without a title keeps its empty first column, where the reference moves the others to the left; and roms of the same name stand by id.",
  },
];

const music: readonly Difference[] = ["artists", "albums", "genres", "years"].map(
  (list): Difference => ({
    where: `GET /api/music/${list}`,
    what: "empty",
    at: "",
    ours: "only ever empty",
    theirs: "a list",
    reason:
      "No track of the recorded library has tags, so there is nothing to count there either; tests of the server have some.",
  }),
);

const bySearch: readonly Difference[] = [
  {
    where: "roms-lookup/286",
    what: "status",
    ours: "400 No metadata provider*",
    theirs: "500",
    reason: "That no provider can be asked is the operator's choice and no failure of the server.",
  },
  {
    where: "tasks/578",
    what: "value",
    at: "detail",
    ours: "Task 'none' not found, available tasks are *",
    theirs: "*",
    reason: "The answer names the tasks that there are, of which some are ours alone.",
  },
  {
    where: "tasks/573",
    what: "field",
    at: "scheduled[]{backup}",
    ours: "*",
    theirs: "absent",
    reason: "A task of our own: the nightly backup.",
  },
  {
    where: "tasks/573",
    what: "value",
    at: "manual[].description",
    ours: "Recompute the content hash of every save",
    theirs: "*",
    reason: "Our own words.",
  },
];

export const DIFFERENCES: readonly Difference[] = [
  ...bySearch,
  ...auth,
  ...accounts,
  ...library,
  ...region,
  ...transfers,
  ...platforms,
  ...config,
  ...wizard,
  ...tasks,
  ...collections,
  ...feeds,
  ...music,
  ...notes,
  ...playing,
  ...USER_FILE_DIFFERENCES,
  ...protocol,
];
