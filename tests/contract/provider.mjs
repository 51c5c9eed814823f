// A real identity provider (OpenID Connect) for the tests of signing in through one. It listens on a free port, says so in its
// first line, and ends with its standard input.
//
// Nobody types a password here: /interaction/{uid}?account=sam&groups=a,b signs sam in; without an account it asks for one, as
// people are asked who come in a browser. Everything else, from discovery and
// PKCE to signatures, is what the provider's library does. /new-keys has it sign with another key from then on. With
// verified=text it says so in a text, with verified=unsaid nothing; shape=text and shape=object send groups so. The same groups
// come as `teams` too, by a scope of their own.
//
// Tests run side by side and each enters this provider anew, so whoever signs in is called something else in each entry
// (a pairwise subject): no test changes what another is told of "sam".

import { createServer } from 'node:http';
import { createPrivateKey, generateKeyPairSync, randomUUID } from 'node:crypto';
import { Provider } from 'oidc-provider';

// By way of a text: Node 20 can wait for ever when it takes a key apart that it has just made, and collects garbage at that moment.
function key() {
  const encoding = { privateKeyEncoding: { type: 'pkcs8', format: 'pem' }, publicKeyEncoding: { type: 'spki', format: 'pem' } };
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048, ...encoding });
  return { ...createPrivateKey(privateKey).export({ format: 'jwk' }), kid: randomUUID(), alg: 'RS256', use: 'sig' };
}

const people = new Map();

/** What whoever comes in a browser fills in. */
const FORM = `<!doctype html><html lang="en"><title>Sign in to your account</title><main><h1>Sign in to your account</h1><form>
<p><label>Account <input name="account" autocomplete="off"></label></p>
<p><label>Is the address verified? <select name="verified"><option value="true">Yes</option><option value="false">No</option><option value="unsaid">Not said</option></select></label></p>
<p><button>Continue</button></p></form></main></html>`;

function start(issuer, keys) {
  const provider = new Provider(issuer, {
    clients: [{ client_id: 'diligence', client_secret: 'the secret of the tests', redirect_uris: ['https://localhost/replaced/below'] }],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'groups'], teams: ['teams'] },
    cookies: { keys: ['for a test'] },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    jwks: { keys },
    pkce: { required: () => true },
    ttl: { AccessToken: 900, AuthorizationCode: 60, Grant: 60, IdToken: 900, Interaction: 60, Session: 60 },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...people.get(id) }) }),
    async loadExistingGrant({ oidc }) {
      const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
      grant.addOIDCScope('openid email profile teams');
      await grant.save();
      return grant;
    },
  });
  // Each test enters this provider anew, and so comes back to an address of its own.
  provider.Client.prototype.redirectUriAllowed = (address) => /^(https:\/\/localhost|http:\/\/127\.0\.0\.1:[0-9]+)\/sign-in\/idp_[0-9a-f]{32}\/callback$/.test(address);
  return provider;
}

const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  let provider = start(issuer, [key()]);
  server.on('request', async (request, response) => {
    const address = new URL(request.url, issuer);
    if (address.pathname === '/new-keys') {
      provider = start(issuer, [key()]);
      return response.end();
    }
    if (!address.pathname.startsWith('/interaction/')) return provider.callback()(request, response);
    if (!address.searchParams.has('account')) return response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' }).end(FORM);
    const { account, email = `${account}@example.org`, verified = 'true', name = account, groups = '', shape = 'list' } = Object.fromEntries(address.searchParams);
    try {
      const { params } = await provider.interactionDetails(request, response);
      const subject = `${account} at ${new URL(params.redirect_uri).pathname}`;
      const list = groups ? groups.split(',') : [];
      const shaped = { list, text: list.join(', '), object: Object.fromEntries(list.map((group) => [group, true])) }[shape];
      const email_verified = { true: true, false: false, text: 'true' }[verified];
      people.set(subject, { email, email_verified, name, groups: shaped, teams: shaped });
      await provider.interactionFinished(request, response, { login: { accountId: subject } });
    } catch (error) {
      response.writeHead(500).end(String(error));
    }
  });
  console.log(issuer);
});
process.stdin.resume().on('end', () => process.exit());
