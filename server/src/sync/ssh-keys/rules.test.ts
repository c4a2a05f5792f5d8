import { expect, test } from "bun:test";
import { isAppError } from "../../base/errors.ts";
import { checkKeyPath } from "./rules.ts";

const DEVICE = "0f8fad5b-d9cb-469f-a165-70867728950e";
const OTHER = "7c9e6679-7425-40de-944b-e07fc1f90ae7";

function isAllowed(path: string, isAdmin: boolean): boolean {
  try {
    checkKeyPath(path, "/base/sync/keys", { deviceId: DEVICE, isAdmin });
    return true;
  } catch (error) {
    expect(isAppError(error) && error.code).toBe("SYNC_SSH_KEY_REFUSED");
    return false;
  }
}

test.each([
  [`/base/sync/keys/${DEVICE}.pem`, true, true],
  ["/base/sync/keys/shared", true, true],
  ["/base/sync/keys/ana/handheld.pem", true, true],
  [`/base/sync/keys/${OTHER}.pem`, false, true],
  [`/base/sync/keys/x/../${OTHER.toUpperCase()}.pem`, false, true],
  ["/base/sync/keys/../../secret", false, true],
  ["/base/sync/keys", false, true],
  ["/base/sync/keys-of-others/key", false, true],
  ["/root/.ssh/id_ed25519", false, true],
  ["shared", false, false],
  ["~/.ssh/id_ed25519", false, false],
])("knows who may name the key %s", (path, byUser, byAdmin) => {
  expect([isAllowed(path, false), isAllowed(path, true)]).toEqual([byUser, byAdmin]);
});
