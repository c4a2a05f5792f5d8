/** Deliberate differences about what users keep as files, and about how devices sync it. */
import type { Difference } from "./judge.ts";

type Row = readonly [where: string, what: Difference["what"], at: string, ours?: string, theirs?: string];

/** Rows of one reason; texts are any unless they are given. */
const because = (reason: string, rows: readonly Row[]): readonly Difference[] =>
  rows.map(([where, what, at, ours = "*", theirs = "*"]) => ({ where, what, at, ours, theirs, reason }));

const UNRECORDED =
  "The recording stored, changed and tracked files by calls that are not among its pairs, so there are others here.";

/** Saves, states and pictures of users. */
const userFiles: readonly Difference[] = [
  ...because(
    "Every upload to a slot is a version of its own, of the device that sent it; the reference took two of one second for one row, which kept the device of the first.",
    [
      ...["388", "417", "420"].flatMap((seq): readonly Row[] => [
        [`saves/${seq}`, "value", "origin_device_id"],
        [`saves/${seq}`, "value", "device_syncs.length"],
      ]),
      ["saves/399", "value", "[].origin_device_id"],
      ["saves/400", "value", "[].origin_device_id"],
      ["saves/405", "value", "slots[].latest.origin_device_id"],
    ],
  ),
  ...because("Saves are listed by id; the reference leaves their order to its database.", [
    ["saves/399", "value", "[].order"],
    ["saves/400", "value", "[].order"],
  ]),
  ...because(UNRECORDED, [
    ["saves/393", "field", "[]{Pocket Hero [moment].sav*}", "absent"],
    ["saves/399", "field", "[]{x.srm}", "absent"],
    ["saves/400", "field", "[]{x.srm}", "absent"],
    ["saves/405", "value", "total_count", "3", "4"],
    ["saves/405", "value", "slots[].count", "1", "2"],
    ...[
      "id",
      "file_name",
      "file_name_no_tags",
      "file_name_no_ext",
      "file_path",
      "full_path",
      "download_path",
      "emulator",
    ].map((name): Row => ["saves/405", "value", `slots[].latest.${name}`]),
    ["states/437", "value", "[].file_size_bytes", "90", "18"],
    ["states/440", "value", "file_size_bytes", "90", "18"],
    ["states/442", "value", "length", "90", "18"],
    ["stats/568", "value", "SAVES"],
    ["stats/569", "value", "SAVES"],
  ]),
  ...because(
    "Every download names its file in both spellings, so that no app depends on which one it reads.",
    [
      ...["saves/411", "saves/412", "saves/414", "states/442"].map(
        (where): Row => [
          where,
          "header",
          "content-disposition",
          "attachment; filename*=UTF-8''*; filename=*",
          "attachment; filename*=utf-8''*",
        ],
      ),
      [
        "screenshots/449",
        "header",
        "content-disposition",
        "inline; filename*=UTF-8''shot.png; filename=*",
        "inline; filename=*",
      ],
    ],
  ),
];

/** The recording asks for ids when its only state is gone. */
const noStates: Difference = {
  where: "GET /api/states/identifiers",
  what: "empty",
  at: "",
  ours: "only ever empty",
  theirs: "a list",
  reason:
    "The recording removes its only state before anybody asks for ids; a test of the server asks earlier.",
};

/** What devices are told to do. */
const sync: readonly Difference[] = [
  ...because(
    "A comparison by which device and server have the same bytes is remembered: what the device lacks afterwards it removed, and what it changes afterwards is newer. The reference forgets it and downloads, or sees a conflict.",
    [
      ["sync/456", "field", "operations[]{Star Pilot (USA) [moment].srm}", "absent"],
      ["sync/463", "field", "operations[]{Star Pilot (USA) [moment].srm}", "absent"],
      ["sync/459", "value", "operations[].action", "upload", "conflict"],
      ["sync/459", "value", "operations[].reason"],
      ["sync/459", "value", "total_upload", "1", "0"],
      ["sync/459", "value", "total_conflict", "0", "1"],
    ],
  ),
  ...because(UNRECORDED, [
    ...["455", "456", "457", "458", "459", "463"].flatMap((seq): readonly Row[] => [
      [`sync/${seq}`, "field", "operations[]{Pocket Hero [moment].sav}", "absent"],
      [`sync/${seq}`, "field", "operations[]{card [moment].mcr}", "absent"],
      [`sync/${seq}`, "value", "total_download", "0"],
    ]),
    ["sync/457", "value", "operations[].action", "no_op", "upload"],
    ["sync/457", "value", "operations[].reason", "Save is untracked on this device"],
    ["sync/457", "value", "total_upload", "0", "1"],
    ["sync/457", "value", "total_no_op", "1", "0"],
    ["sync/458", "value", "operations[].reason", "Save is untracked on this device"],
    ["sync/469", "value", "session.operations_planned"],
    ["sync/473", "value", ".length"],
    ["sync/479", "status", "", "200*", "400"],
  ]),
  ...because("The route takes a body of two shapes; our document lists fields where there is one.", [
    ["POST /api/sync/negotiate", "parameter", "device_id", "absent"],
    ["POST /api/sync/negotiate", "parameter", "saves", "absent"],
  ]),
];

export const USER_FILE_DIFFERENCES: readonly Difference[] = [...userFiles, noStates, ...sync];
