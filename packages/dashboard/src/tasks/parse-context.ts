/** The JSON object somebody wrote, an empty one for nothing, null for anything else. */
export function parseContext(written: string): Record<string, unknown> | null {
  if (written.trim() === "") return {};
  try {
    const value: unknown = JSON.parse(written);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}
