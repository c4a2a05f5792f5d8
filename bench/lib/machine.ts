import { cpus, loadavg, totalmem } from "node:os";

/** What the figures were measured on. */
export interface Machine {
  readonly cpuModel: string;
  readonly cores: number;
  readonly memoryBytes: number;
  /** One-minute load average before the benchmark began; above the number of cores the figures are too low. */
  readonly loadBefore: number;
  readonly bunVersion: string;
  readonly measuredAt: string;
}

/** Looks at the machine as it is now. */
export function describeMachine(): Machine {
  const processors = cpus();
  return {
    cpuModel: processors[0]?.model.trim() ?? "unknown",
    cores: processors.length,
    memoryBytes: totalmem(),
    loadBefore: loadavg()[0] ?? 0,
    bunVersion: Bun.version,
    measuredAt: new Date().toISOString(),
  };
}

/** The machine in one line. */
export function formatMachine(machine: Machine): string {
  const memory = `${(machine.memoryBytes / 2 ** 30).toFixed(1)} GiB`;
  const load = `load before ${machine.loadBefore.toFixed(2)}`;
  return `machine: ${machine.cpuModel}, ${machine.cores} cores, ${memory}, ${load}, Bun ${machine.bunVersion}, ${machine.measuredAt}`;
}
