/** Bytes in base64, as RFC 4648 has it in section 4. */
export function base64(bytes: Uint8Array): string {
  // In pieces: a call takes only so many arguments.
  let binary = "";
  for (let at = 0; at < bytes.length; at += 8_192) {
    binary += String.fromCharCode(...bytes.subarray(at, at + 8_192));
  }
  return btoa(binary);
}
