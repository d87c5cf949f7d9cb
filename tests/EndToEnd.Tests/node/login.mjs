// Logs in at the shop with a standard OpenID Connect client, refreshes, repeats the refresh and logs out.
// Arguments: the shop's address, e-mail address, password.
import * as client from "openid-client";

const [shop, username, password] = process.argv.slice(2);
const redirectUri = "http://127.0.0.1:53682/callback";

function check(condition, expectation) {
  if (!condition)
    throw new Error(`expected: ${expectation}`);
}

async function rejects(promise, code) {
  const error = await promise.then(() => null, error => error);
  check(error?.error === code, `${code}, and not ${error}`);
}

// Refuses a document whose issuer is not the address that it was asked for.
const config = await client.discovery(new URL(shop), "shop", undefined, client.None(), { execute: [client.allowInsecureRequests] });
check(config.serverMetadata().issuer === shop, "the issuer to be the shop's address, to the letter");

// The browser's part: the login page, and its form.
const verifier = client.randomPKCECodeVerifier();
const [state, nonce] = [client.randomState(), client.randomNonce()];
const url = client.buildAuthorizationUrl(config, {
  redirect_uri: redirectUri, scope: "openid", state, nonce,
  code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256",
});
const page = await fetch(url, { redirect: "manual" });
check(page.status === 200 && page.headers.get("content-type").startsWith("text/html"), "a login page");
const html = await page.text();
const decode = text => text.replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(code))
  .replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&quot;/g, '"').replace(/&amp;/g, "&");
const action = new URL(/<form method="post" action="([^"]+)">/.exec(html)[1], shop);
const fields = () => new URLSearchParams(
  [...html.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)">/g)].map(([, name, value]) => [decode(name), decode(value)]));
async function submit(typed) {
  const form = fields();
  form.set("username", username);
  form.set("password", typed);
  return fetch(action, { method: "POST", body: form, redirect: "manual" });
}

const refused = await submit("Wrong-Password-1");
check(refused.status === 400 && (await refused.text()).includes('role="alert"'), "the login page again, with an error");
const redirected = await submit(password);
check(redirected.status === 302, "a redirect");
const callback = new URL(redirected.headers.get("location"));
check(callback.href.startsWith(redirectUri), "a redirect to the client");

// The client's part: it verifies state, issuer, nonce and the signature of the ID token.
const expected = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce };
const tokens = await client.authorizationCodeGrant(config, callback, { ...expected, idTokenExpected: true });
const claims = tokens.claims();
const me = await client.fetchProtectedResource(config, tokens.access_token, new URL("/api/v1/users/me", shop), "GET");
check(me.status === 200 && (await me.json()).id === claims.sub, "the access token to be the user's");

// A code is good once.
await rejects(client.authorizationCodeGrant(config, callback, expected), "invalid_grant");

const login = await client.genericGrantRequest(config, "password", { username, password });
const refresh = () => client.refreshTokenGrant(config, login.refresh_token);
const [first, second] = await Promise.all([refresh(), refresh()]);
const third = await client.refreshTokenGrant(config, first.refresh_token);
await client.tokenRevocation(config, third.refresh_token);
await rejects(client.refreshTokenGrant(config, third.refresh_token), "invalid_grant");
await rejects(client.refreshTokenGrant(config, second.refresh_token), "invalid_grant");
console.log("ok");
