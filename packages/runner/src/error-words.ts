/**
 * The words in an error, whatever shape it comes in: APIs nest it in `error`, `details` or `message`, and agents pass
 * an API's JSON on as text.
 * @returns `undefined` where there are none
 */
export function errorWords(value: unknown): string | undefined {
  if (typeof value === "string") return wordsOfText(value.trim());
  if (typeof value !== "object" || value === null) return undefined;
  const { details, message, error } = value as { details?: unknown; message?: unknown; error?: unknown };
  return errorWords(details) ?? errorWords(message) ?? errorWords(error);
}

function wordsOfText(text: string): string | undefined {
  if (text.startsWith("{")) {
    try {
      return errorWords(JSON.parse(text)) ?? text;
    } catch {
      // It only looks like JSON.
    }
  }
  return text || undefined;
}
