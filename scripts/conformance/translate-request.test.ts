import { describe, expect, test } from "bun:test";
import { createCorrespondence } from "./correspondence.ts";
import { recordRequest } from "./testing.ts";
import { translateRequest } from "./translate-request.ts";
import type { BodyRecord, RequestRecord } from "./types.ts";

const correspondence = createCorrespondence();
correspondence.learnId("rom", 25, 37);
correspondence.learnId("file", 31, 44);
correspondence.learnId("platform", 4, 2);
correspondence.learnText("refresh-of-theirs", "refresh-of-ours");
const tokens = new Map([["admin token", "our-secret"]]);

function translate(record: RequestRecord, template: string | null) {
  return translateRequest(record, { correspondence, tokens, template });
}

const paths: readonly (readonly [string, string | null, string])[] = [
  ["/api/roms/25", "/api/roms/{id}", "/api/roms/37"],
  [
    "/api/roms/25/content/Star%20Pilot%2025.z64",
    "/api/roms/{id}/content/{file_name}",
    "/api/roms/37/content/Star%20Pilot%2025.z64",
  ],
  [
    "/api/roms/25/content/x?file_ids=31",
    "/api/roms/{id}/content/{file_name}",
    "/api/roms/37/content/x?file_ids=44",
  ],
  ["/api/roms/download?rom_ids=25%2C30", "/api/roms/download", "/api/roms/download?rom_ids=37%2C30"],
  ["/api/roms?platform_ids=4&limit=25", "/api/roms", "/api/roms?platform_ids=2&limit=25"],
  ["/api/roms?search_term=star+pil", "/api/roms", "/api/roms?search_term=star+pil"],
  ["/api/roms/99999", "/api/roms/{id}", "/api/roms/99999"],
  ["/api/platforms/4/", "/api/platforms/{id}", "/api/platforms/2"],
  ["/api/nothing/25", null, "/api/nothing/25"],
];

const bodies: readonly (readonly [string, BodyRecord, string])[] = [
  ["ids by their names", { json: { rom_id: 25, limit: 25 } }, '{"rom_id":37,"limit":25}'],
  ["lists of ids", { json: { roms: [25, 99999] } }, '{"roms":[37,99999]}'],
  [
    "the id of an entity",
    { json: { entity: "platforms", entity_id: 4 } },
    '{"entity":"platforms","entity_id":2}',
  ],
  ["tokens in forms", { form: { refresh_token: "refresh-of-theirs" } }, "refresh_token=refresh-of-ours"],
];

describe("translateRequest", () => {
  test.each(paths)("turns %s", (path, template, expected) => {
    expect(translate(recordRequest(path), template).path).toBe(expected);
  });

  test.each(bodies)("exchanges %s", (_, body, expected) => {
    expect(translate(recordRequest("/api/x", { method: "POST", body }), "/api/x").body).toBe(expected);
  });

  test("puts tokens where their names stand", () => {
    const record = recordRequest("/api/x", { headers: { Authorization: "Bearer {admin token}" } });
    expect(translate(record, null).headers).toEqual({ Authorization: "Bearer our-secret" });
  });

  test("makes forms with files anew, without the recorded boundary", () => {
    const parts = [
      { name: "rom_ids", value: "[25, 8]" },
      { name: "avatar", filename: "me.png", contentType: "image/png", base64: "AQID" },
    ];
    const headers = { "Content-Type": "multipart/form-data; boundary=----old", "X-Kept": "a" };
    const request = translate(
      recordRequest("/api/x", { method: "PUT", headers, body: { multipart: parts } }),
      null,
    );
    expect(request.headers).toEqual({ "X-Kept": "a" });
    const form = request.body as FormData;
    expect(form.get("rom_ids")).toBe("[37, 8]");
    const avatar = form.get("avatar") as File;
    expect([avatar.name, avatar.type, avatar.size]).toEqual(["me.png", "image/png", 3]);
  });

  test("remembers what it exchanged", () => {
    expect(translate(recordRequest("/api/roms/25"), "/api/roms/{id}").exchanged).toEqual([["25", "37"]]);
  });
});
