import { describe, expect, test } from "bun:test";
import { chooseShownType } from "./rules.ts";

describe("chooseShownType", () => {
  test.each([
    ["Game.z64", null, null],
    ["Cover.PNG", null, "image/png"],
    ["scan.tif", "screenshot", "image/tiff"],
    ["trailer.webm", null, "video/webm"],
    ["Song.flac", "soundtrack", "audio/flac"],
    ["Song.flac", null, null],
    // A picture in the folder of music is no music.
    ["cover.jpg", "soundtrack", null],
    ["Manual.pdf", "manual", "application/pdf"],
    ["Manual.pdf", null, null],
    ["Notes.md", "manual", "text/markdown; charset=utf-8"],
    ["page.jpg", "manual", "image/jpeg"],
    // Whatever could run in the page of the server is stored.
    ["page.html", "manual", null],
    ["drawing.svg", null, null],
    ["png", null, "image/png"],
    ["", null, null],
  ])("%j of the category %j is %j", (fileName, category, shown) => {
    expect(chooseShownType({ fileName, category })).toBe(shown);
  });
});
