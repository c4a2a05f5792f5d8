import { describe, expect, test } from "bun:test";
import { isChownOff, isMounted, isUidMapIdentity, readIdentity, refuseRoot } from "./identity.ts";

const IDENTITY_MAP = "         0          0 4294967295\n";
const ROOTLESS_MAP = "         0       1000          1\n         1     100000      65536\n";

describe("readIdentity", () => {
  test.each([
    [{}, { uid: 1000, gid: 1000, umask: null }],
    [
      { PUID: "99", PGID: "100", UMASK: "002" },
      { uid: 99, gid: 100, umask: 0o002 },
    ],
    [
      { PUID: "", UMASK: "0077" },
      { uid: 1000, gid: 1000, umask: 0o077 },
    ],
    [{ PUID: "4294967294" }, { uid: 4_294_967_294, gid: 1000, umask: null }],
  ])("reads %p", (variables, expected) => {
    expect(readIdentity(variables)).toEqual(expected);
  });

  test.each([
    [{ PUID: "me" }, 'PUID is "me"'],
    [{ PGID: "-1" }, 'PGID is "-1"'],
    [{ PUID: "4294967295" }, "PUID is"],
    [{ PUID: "1000 " }, "PUID is"],
    [{ UMASK: "9" }, 'UMASK is "9"'],
    [{ UMASK: "0o22" }, "UMASK is"],
  ])("refuses %p", (variables, message) => {
    expect(() => readIdentity(variables)).toThrow(message);
  });
});

describe("refuseRoot", () => {
  const root = { uid: 0, gid: 0, umask: null };

  test("refuses root on the built-in database", () => {
    expect(() => refuseRoot(root, {}, IDENTITY_MAP)).toThrow("PostgreSQL refuses to run as root");
  });

  test.each([
    ["an ordinary user", { ...root, uid: 1000 }, {}, IDENTITY_MAP],
    ["an external database", root, { DATABASE_URL: "postgres://a@b/c" }, IDENTITY_MAP],
    ["its address in a file", root, { DB_HOST_FILE: "/run/secrets/host" }, IDENTITY_MAP],
    ["a rootless engine", root, {}, ROOTLESS_MAP],
  ])("lets %s be", (_, identity, variables, map) => {
    expect(() => refuseRoot(identity, variables, map)).not.toThrow();
  });

  test("knows whether ids are mapped", () => {
    expect([IDENTITY_MAP, ROOTLESS_MAP, "0 100000 65536", ""].map(isUidMapIdentity)).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });
});

test.each([
  [undefined, false],
  ["", false],
  ["1", false],
  ["0", true],
  ["False", true],
])("MULTITAP_CHOWN=%p turns it off: %p", (MULTITAP_CHOWN, expected) => {
  expect(isChownOff({ MULTITAP_CHOWN })).toBe(expected);
});

describe("isMounted", () => {
  const lines = [
    "1 0 0:1 / / rw - overlay overlay rw",
    "2 1 8:1 /v /romm rw - ext4 /dev/sda rw",
    "3 1 8:1 /v /my\\040data rw - ext4 /dev/sda rw",
    "",
  ];
  test.each([
    ["/romm", true],
    ["/romm/deep", true],
    ["/my data", true],
    ["/rommel", false],
    ["/data", false],
  ])("%s: %p", (folder, expected) => {
    expect(isMounted(lines.join("\n"), folder)).toBe(expected);
  });
});
