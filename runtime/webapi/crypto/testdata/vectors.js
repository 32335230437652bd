// Runs in node and in the engine; both log the same lines. fixtures are keys and
// signatures that node made (make.mjs).
async function vectors(subtle, fixtures, log) {
  const bytes = s => Uint8Array.from([...s], c => c.charCodeAt(0));
  const hex = b => Array.from(new Uint8Array(b), x => x.toString(16).padStart(2, "0")).join("");
  const seq = (n, from = 0) => Uint8Array.from({ length: n }, (_, i) => i + from);
  const text = bytes("The quick brown fox jumps over the lazy dog");
  const name = async p => { try { await p(); return "fulfilled" } catch (e) { return e.name } };
  for (const h of ["SHA-1", "sha-256", "SHA-384", { name: "SHA-512" }]) log("digest", hex(await subtle.digest(h, text)));
  for (const hash of ["SHA-1", "SHA-256", "SHA-512"]) {
    const k = await subtle.importKey("raw", seq(20), { name: "HMAC", hash }, true, ["sign", "verify"]);
    const s = await subtle.sign("HMAC", k, text);
    log("hmac", hex(s), await subtle.verify("HMAC", k, s, text), await subtle.verify("HMAC", k, s, seq(3)), JSON.stringify(k.algorithm), k.usages.join());
  }
  for (const size of [16, 32]) for (const a of [{ name: "AES-CBC", iv: seq(16) }, { name: "AES-CTR", counter: new Uint8Array(16).fill(255), length: 128 }, { name: "AES-CTR", counter: new Uint8Array(16).fill(255), length: 3 },
    { name: "AES-GCM", iv: seq(12) }, { name: "AES-GCM", iv: seq(20), additionalData: seq(5), tagLength: 96 }, { name: "AES-GCM", iv: seq(12), tagLength: 32 }]) {
    const k = await subtle.importKey("raw", seq(size), a.name, true, ["encrypt", "decrypt"]);
    const e = await subtle.encrypt(a, k, text);
    const broken = new Uint8Array(e.slice(0)); broken[0] ^= 1;
    log(a.name, hex(e), hex(await subtle.decrypt(a, k, e)) === hex(text), a.name === "AES-GCM" ? await name(() => subtle.decrypt(a, k, broken)) : "", JSON.stringify(await subtle.exportKey("jwk", k)).length);
  }
  const kw = await subtle.importKey("raw", seq(16), "AES-KW", false, ["wrapKey", "unwrapKey"]);
  const inner = await subtle.importKey("raw", seq(32, 9), "AES-GCM", true, ["encrypt"]);
  const wrapped = await subtle.wrapKey("raw", inner, kw, "AES-KW");
  log("wrap", hex(wrapped), hex(await subtle.exportKey("raw", await subtle.unwrapKey("raw", wrapped, kw, "AES-KW", "AES-GCM", true, ["encrypt"]))));
  const gcm = await subtle.importKey("raw", seq(16), "AES-GCM", false, ["wrapKey", "unwrapKey"]), iv = { name: "AES-GCM", iv: seq(12) };
  log("wrap jwk", hex(await subtle.exportKey("raw", await subtle.unwrapKey("jwk", await subtle.wrapKey("jwk", inner, gcm, iv), gcm, iv, "AES-GCM", true, ["encrypt"]))));
  const password = await subtle.importKey("raw", bytes("password"), "PBKDF2", false, ["deriveBits", "deriveKey"]);
  log("pbkdf2", hex(await subtle.deriveBits({ name: "PBKDF2", salt: seq(8), iterations: 1000, hash: "SHA-256" }, password, 256)));
  const derived = await subtle.deriveKey({ name: "PBKDF2", salt: seq(8), iterations: 10, hash: "SHA-1" }, password, { name: "AES-CBC", length: 192 }, true, ["encrypt"]);
  log("derived", hex(await subtle.exportKey("raw", derived)), JSON.stringify(derived.algorithm));
  const hk = await subtle.importKey("raw", seq(32), "HKDF", false, ["deriveBits", "deriveKey"]);
  log("hkdf", hex(await subtle.deriveBits({ name: "HKDF", salt: seq(8), info: bytes("info"), hash: "SHA-512" }, hk, 512)));
  log("hmac from hkdf", hex(await subtle.exportKey("raw", await subtle.deriveKey({ name: "HKDF", salt: seq(8), info: seq(0), hash: "SHA-256" }, hk, { name: "HMAC", hash: "SHA-256" }, true, ["sign"]))));
  for (const f of fixtures) {
    const pub = f.public && await subtle.importKey("jwk", f.public, f.algorithm, true, f.publicUsages);
    const priv = await subtle.importKey("jwk", f.private, f.algorithm, true, f.privateUsages);
    log(f.algorithm.name, JSON.stringify({ ...priv.algorithm, publicExponent: undefined }), pub.type, priv.type, hex(await subtle.exportKey("spki", pub)), hex(await subtle.digest("SHA-256", await subtle.exportKey("pkcs8", priv))));
    const { key_ops: o1, ...jwk } = await subtle.exportKey("jwk", priv);
    log(Object.keys(jwk).sort().map(k => k + jwk[k]).join(" ").length, Object.entries(f.private).every(([k, v]) => k === "key_ops" || jwk[k] === v));
    const again = await subtle.importKey("pkcs8", await subtle.exportKey("pkcs8", priv), f.algorithm, false, f.privateUsages);
    const pubAgain = await subtle.importKey("spki", await subtle.exportKey("spki", pub), f.algorithm, true, f.publicUsages);
    if (f.signature) log("verify", await subtle.verify(f.use, pub, Uint8Array.from(f.signature), text), await subtle.verify(f.use, pub, Uint8Array.from(f.signature), seq(3)), await subtle.verify(f.use, pubAgain, await subtle.sign(f.use, again, text), text));
    if (f.encrypted) log("decrypt", hex(await subtle.decrypt(f.use, priv, Uint8Array.from(f.encrypted))), hex(await subtle.decrypt(f.use, again, await subtle.encrypt(f.use, pubAgain, seq(9)))));
    if (f.peer) log("agree", hex(await subtle.deriveBits({ name: f.algorithm.name, public: await subtle.importKey("jwk", f.peer, f.algorithm, true, []) }, priv, null)), hex(await subtle.deriveBits({ name: f.algorithm.name, public: await subtle.importKey("jwk", f.peer, f.algorithm, true, []) }, again, 128)));
  }
  for (const a of [{ name: "RSA-PSS", modulusLength: 1024, publicExponent: Uint8Array.of(1, 0, 1), hash: "SHA-256" }, { name: "ECDSA", namedCurve: "P-256" }, { name: "HMAC", hash: "SHA-256" }, { name: "Ed25519" }]) {
    const k = await subtle.generateKey(a, false, ["sign", "verify"]);
    const use = { ...a, saltLength: 32, hash: "SHA-256" };
    log("generate", a.name, await subtle.verify(use, k.publicKey || k, await subtle.sign(use, k.privateKey || k, text), text), (k.publicKey || k).usages.join(), await name(() => subtle.exportKey("jwk", k.privateKey || k)));
  }
  log("errors", await name(() => subtle.digest("MD5", text)), await name(() => subtle.digest("SHA-1")), await name(() => subtle.digest("SHA-1", "text")), await name(() => subtle.importKey("raw", seq(5), "AES-CBC", true, ["encrypt"])),
    await name(() => subtle.importKey("raw", seq(16), "AES-CBC", true, ["sign"])), await name(() => subtle.generateKey({ name: "AES-CBC", length: 128 }, true, [])), await name(() => subtle.encrypt({ name: "AES-CBC", iv: seq(3) }, inner, text)),
    await name(() => subtle.sign("HMAC", inner, text)), await name(() => subtle.generateKey({ name: "ECDSA", namedCurve: "P-1" }, true, ["sign"])), await name(() => subtle.generateKey({ name: "ECDSA" }, true, ["sign"])), await name(() => subtle.importKey("x", seq(1), "HKDF", false, ["deriveBits"])));
}
