import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A disk of its own, small enough to be filled; only root may make one. */
export class SmallDisk {
  readonly folder: string;

  /** @returns null where this user may mount nothing: the test that wants it has to be left out, and say so */
  static mount(megabytes: number): SmallDisk | null {
    const folder = mkdtempSync(join(tmpdir(), "mission-control-small-disk-"));
    const options = ["-t", "tmpfs", "-o", `size=${megabytes}m,mode=0700`, "tmpfs", folder];
    if (spawnSync("mount", options, { stdio: "ignore" }).status === 0) return new SmallDisk(folder);
    rmSync(folder, { recursive: true });
    return null;
  }

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** Takes all room but so many bytes. */
  fill(left = 0): void {
    const { bavail, bsize } = statfsSync(this.folder);
    writeFileSync(join(this.folder, "ballast"), Buffer.alloc(Math.max(0, bavail * bsize - left)));
  }

  /** Gives the room back. */
  free(): void {
    rmSync(join(this.folder, "ballast"), { force: true });
  }

  unmount(): void {
    spawnSync("umount", ["-l", this.folder], { stdio: "ignore" });
    rmSync(this.folder, { recursive: true, force: true });
  }
}
