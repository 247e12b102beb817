/** What a browser's Web Authentication wants and gives, as the JSON that the server speaks. */

export function toBytes(base64url: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64url.replace(/-/g, "+").replace(/_/g, "/"));
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes;
}

export function toBase64url(data: ArrayBuffer | Uint8Array): string {
  let text = "";
  for (const byte of data instanceof Uint8Array ? data : new Uint8Array(data)) text += String.fromCharCode(byte);
  return btoa(text).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

interface Named {
  id: string;
  type: string;
}

export interface CreationJson {
  challenge: string;
  rp: PublicKeyCredentialRpEntity;
  user: { id: string; name: string; displayName: string };
  pubKeyCredParams: PublicKeyCredentialParameters[];
  timeout?: number;
  excludeCredentials?: Named[];
  authenticatorSelection?: AuthenticatorSelectionCriteria;
}

export function creationOptions(json: CreationJson): PublicKeyCredentialCreationOptions {
  return {
    ...json,
    challenge: toBytes(json.challenge),
    user: { ...json.user, id: toBytes(json.user.id) },
    excludeCredentials: (json.excludeCredentials ?? []).map(({ id }) => ({ id: toBytes(id), type: "public-key" as const })),
    attestation: "none",
  };
}

export interface SignJson {
  nonce: string;
  challenge: string;
  rp_id: string;
  keys: { id: string; fingerprint: string }[];
}

export function requestOptions(json: SignJson): PublicKeyCredentialRequestOptions {
  return {
    challenge: toBytes(json.challenge),
    rpId: json.rp_id,
    allowCredentials: json.keys.map(({ id }) => ({ id: toBytes(id), type: "public-key" as const })),
    userVerification: "required",
  };
}

/** What went wrong, in words: browsers say only a name. */
export function complaint(error: unknown): string {
  const name = error instanceof Error ? error.name : "";
  if (name === "NotAllowedError") return "It was cancelled or took too long. Try again.";
  if (name === "InvalidStateError") return "This device holds a passkey of yours already. Use that one.";
  if (name === "SecurityError") return "This address cannot have passkeys. Ask the label for the right one.";
  return "This browser could not use a passkey. Try another one, or an ssh key.";
}
