/** <dw-passkey mode="enrol|sign">: makes a passkey, or signs the words on the page with one. */

import { define, jsonScript, sendJson } from "../lib/dom";
import { go } from "../lib/go";
import { complaint, creationOptions, requestOptions, toBase64url, type CreationJson, type SignJson } from "../lib/webauthn";

interface Answer {
  redirect?: string;
  error?: { code: string; message: string };
}

class Refused extends Error {}

class Passkey extends HTMLElement {
  connectedCallback(): void {
    const button = this.querySelector<HTMLButtonElement>("[data-go]");
    if (!button || this.dataset["ready"]) return;
    this.dataset["ready"] = "1";
    if (!("credentials" in navigator) || !window.PublicKeyCredential) {
      button.disabled = true;
      this.#say("This browser has no passkeys. Take another one, or an ssh key.");
      return;
    }
    button.addEventListener("click", () => void this.#run(button));
  }

  async #run(button: HTMLButtonElement): Promise<void> {
    button.disabled = true;
    this.#say("");
    try {
      go(await (this.getAttribute("mode") === "sign" ? this.#sign() : this.#enrol()));
    } catch (error) {
      this.#say(error instanceof Refused ? error.message : complaint(error));
      button.disabled = false;
    }
  }

  async #enrol(): Promise<string> {
    const begun = await this.#send<{ nonce: string; options: CreationJson }>(this.getAttribute("options") ?? "", {});
    const made = (await navigator.credentials.create({ publicKey: creationOptions(begun.options) })) as PublicKeyCredential | null;
    if (!made) throw new DOMException("", "NotAllowedError");
    const response = made.response as AuthenticatorAttestationResponse;
    return this.#finish({
      nonce: begun.nonce,
      label: this.querySelector<HTMLInputElement>("input[name=label]")?.value ?? "",
      credential: {
        id: made.id,
        rawId: toBase64url(made.rawId),
        type: made.type,
        response: { clientDataJSON: toBase64url(response.clientDataJSON), attestationObject: toBase64url(response.attestationObject) },
      },
    });
  }

  async #sign(): Promise<string> {
    const data = jsonScript<SignJson | null>(this.getAttribute("data"), null);
    if (!data) throw new Refused("The page is not whole. Load it again.");
    const given = (await navigator.credentials.get({ publicKey: requestOptions(data) })) as PublicKeyCredential | null;
    const key = data.keys.find(({ id }) => id === given?.id);
    if (!given || !key) throw new Refused("This is none of your passkeys. Use one that is in use here.");
    const response = given.response as AuthenticatorAssertionResponse;
    return this.#finish({
      nonce: data.nonce,
      fingerprint: key.fingerprint,
      proof: {
        authenticator_data: toBase64url(response.authenticatorData),
        client_data: toBase64url(response.clientDataJSON),
        signature: toBase64url(response.signature),
      },
    });
  }

  async #finish(body: unknown): Promise<string> {
    return (await this.#send<Answer>(this.getAttribute("finish") ?? "", body)).redirect ?? "/account/keys/";
  }

  async #send<T>(url: string, body: unknown): Promise<T> {
    const response = await sendJson("POST", url, body);
    const answer = (await response.json().catch(() => ({}))) as T & Answer;
    if (!response.ok) throw new Refused(answer.error?.message ?? "The server did not take it. Load the page again.");
    return answer;
  }

  #say(words: string): void {
    const line = this.querySelector<HTMLElement>("[data-say]");
    if (!line) return;
    line.textContent = words;
    line.hidden = !words;
  }
}

define("dw-passkey", Passkey);
