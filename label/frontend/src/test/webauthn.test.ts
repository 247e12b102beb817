import { describe, expect, it } from "vitest";
import { complaint, creationOptions, requestOptions, toBase64url, toBytes } from "../lib/webauthn";

describe("base64url", () => {
  it("goes there and back without padding", () => {
    for (const size of [0, 1, 2, 3, 32, 65]) {
      const bytes = Uint8Array.from({ length: size }, (_, at) => (at * 37 + 250) & 255);
      const text = toBase64url(bytes);
      expect(text).toMatch(/^[A-Za-z0-9_-]*$/);
      expect([...toBytes(text)]).toEqual([...bytes]);
    }
    expect(toBase64url(new Uint8Array([251, 255]))).toBe("-_8");
  });
});

describe("options", () => {
  it("asks for a verified person and no attestation", () => {
    const made = creationOptions({ challenge: "AQI", rp: { id: "localhost", name: "Deadwax" }, user: { id: "Aw", name: "m", displayName: "M" }, pubKeyCredParams: [{ type: "public-key", alg: -7 }], excludeCredentials: [{ id: "BA", type: "public-key" }] });
    expect([...(made.challenge as Uint8Array)]).toEqual([1, 2]);
    expect(made.attestation).toBe("none");
    expect(made.excludeCredentials?.length).toBe(1);
    const asked = requestOptions({ nonce: "n", challenge: "AQI", rp_id: "localhost", keys: [{ id: "BA", fingerprint: "f" }] });
    expect(asked.userVerification).toBe("required");
    expect([...(asked.allowCredentials?.[0]?.id as Uint8Array)]).toEqual([4]);
  });
});

it("says what to do when the browser refuses", () => {
  expect(complaint(new DOMException("", "NotAllowedError"))).toContain("Try again");
  expect(complaint("nonsense")).toContain("ssh key");
});
