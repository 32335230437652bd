// node make.mjs: writes fixtures.json and golden.txt beside it.
import { readFileSync, writeFileSync } from "node:fs";
const { subtle } = globalThis.crypto;
const text = new TextEncoder().encode("The quick brown fox jumps over the lazy dog");
const rsa = { modulusLength: 1024, publicExponent: Uint8Array.of(1, 0, 1) };
const kinds = [
  { algorithm: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }, extra: rsa, use: { name: "RSASSA-PKCS1-v1_5" } },
  { algorithm: { name: "RSA-PSS", hash: "SHA-384" }, extra: rsa, use: { name: "RSA-PSS", saltLength: 20 } },
  { algorithm: { name: "RSA-OAEP", hash: "SHA-1" }, extra: rsa, use: { name: "RSA-OAEP" } },
  ...["P-256", "P-384", "P-521"].flatMap(namedCurve => [{ algorithm: { name: "ECDSA", namedCurve }, use: { name: "ECDSA", hash: "SHA-256" } }, { algorithm: { name: "ECDH", namedCurve } }]),
  { algorithm: { name: "Ed25519" }, use: { name: "Ed25519" } }, { algorithm: { name: "X25519" } },
];
let fixtures = [];
try { fixtures = JSON.parse(readFileSync(new URL("fixtures.json", import.meta.url))) } catch {}
if (!fixtures.length) for (const { algorithm, extra, use } of kinds) {
  const n = algorithm.name, usages = n === "RSA-OAEP" ? [["encrypt"], ["decrypt"]] : n === "ECDH" || n === "X25519" ? [[], ["deriveBits"]] : [["verify"], ["sign"]];
  const make = () => subtle.generateKey({ ...algorithm, ...extra }, true, usages.flat());
  const k = await make(), f = { algorithm, use, public: await subtle.exportKey("jwk", k.publicKey), private: await subtle.exportKey("jwk", k.privateKey), publicUsages: usages[0], privateUsages: usages[1] };
  if (usages[0][0] === "verify") f.signature = [...new Uint8Array(await subtle.sign(use, k.privateKey, text))];
  if (n === "RSA-OAEP") f.encrypted = [...new Uint8Array(await subtle.encrypt(use, k.publicKey, text))];
  if (!usages[0].length) f.peer = await subtle.exportKey("jwk", (await make()).publicKey);
  fixtures.push(f);
}
writeFileSync(new URL("fixtures.json", import.meta.url), JSON.stringify(fixtures, null, 1) + "\n");
const vectors = new Function(readFileSync(new URL("vectors.js", import.meta.url)) + "; return vectors")();
let out = "";
await vectors(subtle, fixtures, (...line) => out += line.join(" ") + "\n");
writeFileSync(new URL("golden.txt", import.meta.url), out.replaceAll("InvalidAccessException", "InvalidAccessError")); // a slip of node 20
