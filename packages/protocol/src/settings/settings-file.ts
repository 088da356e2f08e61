import { readFileSync } from "node:fs";

/** A setting that is unknown or wrong. The message is one sentence that names it. */
export class SettingsError extends Error {
  readonly code = "settings";
  override name = "SettingsError";
}

/**
 * The JSON object in a settings file; empty when there is no file.
 * @throws SettingsError
 */
export function readSettingsObject(file: string): object {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT" || code === "ENOTDIR") return {};
    throw new SettingsError(`The settings file ${file} cannot be read: ${code ?? error}.`);
  }
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  } catch {
    // Refused below, with what is not an object.
  }
  throw new SettingsError(`The settings file ${file} must hold one JSON object.`);
}
