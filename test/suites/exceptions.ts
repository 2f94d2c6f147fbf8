/**
 * Every case where we do not do what a suite says, with the reason. The tests fail when one is missing, and when one is
 * not needed any more.
 */
import type { SuiteName } from './load-suite.ts';

export interface Exception {
	suite: SuiteName;
	ids: readonly string[];
	/** `differs`: the verdict is the suite's, but something of the message is not. */
	ours: 'accepts' | 'refuses' | 'differs';
	reason: string;
}

const METHOD_IS_A_TOKEN = 'any token is a method; an unknown one is for the app to refuse (RFC 9110 §9.1)';
const FRAGMENT = 'a request target has no fragment (RFC 9112 §3.2)';
const USER_INFO = 'user info in a target is treated as an error (RFC 9110 §4.2.4)';
const OTHER_CODING =
	'a coding other than chunked is answered 501: we do not decode it and never offered it (RFC 9112 §6.1)';
const NOT_CHUNKED_RESPONSE =
	'a response whose coding does not end in chunked is 502, not read until close (RFC 9112 §6.1, §6.3)';
const OTHER_PROTOCOL = 'RTSP and ICE are not HTTP (RFC 9112 §2.3)';
const HTTP_09 = 'HTTP/0.9 is not spoken (RFC 9112 §2.3)';
const MAJOR_2 = 'another major version is answered 505 (RFC 9110 §15.6.6)';
const LIMIT = 'a limit of gunicorn that is lower than ours (RFC 9110 §5.4, RFC 9112 §3)';
const FOLDING = 'a folded line is refused (RFC 9112 §5.2)';
const PROXY_PROTOCOL = 'the PROXY protocol is not HTTP; no listener of ours takes it';
const IMITATION = 'a name that imitates a framing field is refused: CGI and WSGI apps mix them up (RFC 3875 §4.1.18)';
const SLASHES = 'empty segments are kept in what is forwarded (RFC 3986 §3.3); deny rules test the merged form, too';
const SUITE_MODE = 'needs a mode of the suite’s own parser';

const llhttp = 'llhttp-fixtures';
const gunicorn = 'gunicorn-requests';
const httpd = 'httpd-http-strict';
const desync = 'desync-guardian';
const envoy = 'envoy-path';

export const EXCEPTIONS: readonly Exception[] = [
	{ suite: llhttp, ours: 'accepts', ids: ['request/invalid:69', 'request/invalid:359'], reason: METHOD_IS_A_TOKEN },
	{ suite: llhttp, ours: 'refuses', ids: ['request/uri:168'], reason: FRAGMENT },
	{ suite: llhttp, ours: 'refuses', ids: ['request/uri:225'], reason: USER_INFO },
	{
		suite: llhttp,
		ours: 'refuses',
		ids: ['request/transfer-encoding:754', 'request/transfer-encoding:796'],
		reason: OTHER_CODING,
	},
	{
		suite: llhttp,
		ours: 'refuses',
		ids: ['response/transfer-encoding:46', 'response/transfer-encoding:77', 'response/transfer-encoding:115'],
		reason: NOT_CHUNKED_RESPONSE,
	},
	{
		suite: llhttp,
		ours: 'refuses',
		ids: ['request/method:375', 'request/method:405', 'request/method:433', 'response/sample:43', 'response/sample:63'],
		reason: OTHER_PROTOCOL,
	},
	{ suite: llhttp, ours: 'refuses', ids: ['request/sample:317', 'response/sample:648'], reason: HTTP_09 },
	{
		suite: llhttp,
		ours: 'refuses',
		ids: ['request/method:138'],
		reason: 'the asterisk is for OPTIONS only (RFC 9112 §3.2.4)',
	},
	{
		suite: llhttp,
		ours: 'refuses',
		ids: ['request/method:99'],
		reason: 'CONNECT has no content; what follows its head is the tunnel’s (RFC 9110 §9.3.6)',
	},
	{
		suite: llhttp,
		ours: 'refuses',
		ids: ['request/content-length:447'],
		reason: `${SUITE_MODE}: it is told to skip the body of a request`,
	},

	{
		suite: gunicorn,
		ours: 'accepts',
		ids: ['invalid/003c'],
		reason: METHOD_IS_A_TOKEN,
	},
	{
		suite: gunicorn,
		ours: 'accepts',
		ids: [
			'invalid/006',
			'invalid/007',
			'invalid/008',
			'invalid/010',
			'invalid/011',
			'invalid/012',
			'invalid/017',
			'invalid/limit_header_default_01',
		],
		reason: LIMIT,
	},
	{
		suite: gunicorn,
		ours: 'accepts',
		ids: ['invalid/019'],
		reason: `${SUITE_MODE}: X-Forwarded-Ssl means nothing to us`,
	},
	{ suite: gunicorn, ours: 'refuses', ids: ['valid/040', 'valid/040_compat'], reason: IMITATION },
	{
		suite: gunicorn,
		ours: 'accepts',
		ids: ['invalid/041'],
		reason: 'two Content-Type fields are the app’s affair: they neither frame nor route (RFC 9110 §5.3)',
	},
	{ suite: gunicorn, ours: 'refuses', ids: ['valid/005'], reason: FRAGMENT },
	{
		suite: gunicorn,
		ours: 'refuses',
		ids: ['valid/009'],
		reason: 'Transfer-Encoding with Content-Length is refused, whatever the coding (RFC 9112 §6.1)',
	},
	{
		suite: gunicorn,
		ours: 'refuses',
		ids: [
			'valid/025',
			'valid/025_line',
			'valid/029',
			'valid/030',
			'valid/rfc9112_smuggle_gzip_chunked_01',
			'valid/rfc9112_smuggle_te_identity_chunked_01',
		],
		reason: OTHER_CODING,
	},
	{
		suite: gunicorn,
		ours: 'refuses',
		ids: ['valid/028'],
		reason: `${SUITE_MODE}: whitespace before a colon is refused (RFC 9112 §5.1)`,
	},
	{
		suite: gunicorn,
		ours: 'differs',
		ids: ['valid/031compat'],
		reason: `${SUITE_MODE}: methods are case-sensitive (RFC 9110 §9.1)`,
	},
	{
		suite: gunicorn,
		ours: 'refuses',
		ids: ['valid/099'],
		reason: 'the file ends before its Content-Length does (RFC 9112 §8)',
	},
	{ suite: gunicorn, ours: 'refuses', ids: ['valid/compat_obs_fold', 'valid/compat_obs_fold_huge'], reason: FOLDING },
	{
		suite: gunicorn,
		ours: 'refuses',
		ids: ['valid/pp_01', 'valid/pp_02', 'valid/pp_04', 'valid/pp_05'],
		reason: PROXY_PROTOCOL,
	},
	{ suite: gunicorn, ours: 'refuses', ids: ['valid/rfc9112_target_absolute_userinfo_01'], reason: USER_INFO },

	{ suite: httpd, ours: 'accepts', ids: ['http_strict-03'], reason: METHOD_IS_A_TOKEN },
	{ suite: httpd, ours: 'refuses', ids: ['http_strict-11'], reason: MAJOR_2 },

	{
		suite: desync,
		ours: 'refuses',
		ids: [
			'desync-guardian/more-compliant-tests/5',
			'desync-guardian/more-compliant-tests/7',
			'desync-guardian/more-compliant-tests/8',
			'desync-guardian/rfc-compliant/8',
			'desync-guardian/rfc-compliant/9',
		],
		reason: OTHER_CODING,
	},
	{
		suite: desync,
		ours: 'refuses',
		ids: ['desync-guardian/more-compliant-tests/9', 'desync-guardian/rfc-compliant/10'],
		reason: 'parameters of chunked are treated as an error (RFC 9112 §7.1)',
	},
	{ suite: desync, ours: 'refuses', ids: ['desync-guardian/rfc-compliant/11'], reason: FRAGMENT },
	{
		suite: desync,
		ours: 'refuses',
		ids: ['desync-guardian/rfc-compliant/13'],
		reason: 'a request line has a target (RFC 9112 §3)',
	},

	{
		suite: envoy,
		ours: 'refuses',
		ids: ['0', '1', '2', '4', '5', '6', '7', '8', '9', '10', '11'].map((n) => `merge-${n}`),
		reason: SLASHES,
	},
	{
		suite: envoy,
		ours: 'refuses',
		ids: ['4', '5', '6', '7', '8', '9', '10', '11'].map((n) => `path-only-${n}`),
		reason: FRAGMENT,
	},
];
