/**
 * Loaded before a server, it plants a bug: every device counts as knowing what is on the server. The model of the sync
 * must notice.
 */
import { plugin } from "bun";
import { SceneError } from "./server-process.testing.ts";

const RIGHT = "return (\n    baseline.assetId === head.id &&";
const WRONG = "return (\n    baseline.assetId >= 0 ||";

plugin({
  name: "no baselines",
  setup(build) {
    build.onLoad({ filter: /assets[/\\]uploads[/\\]rules\.ts$/ }, async ({ path }) => {
      const text = await Bun.file(path).text();
      const planted = text
        .replace("if (baseline === null) return false;", "if (baseline === null) return true;")
        .replace(RIGHT, WRONG);
      if (!planted.includes(WRONG))
        throw new SceneError("the bug cannot be planted: the rule looks different now");
      return { contents: planted, loader: "ts" };
    });
  },
});
