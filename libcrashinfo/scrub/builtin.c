/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The built-in rules. Reports come from strangers, so no pattern may need more steps than a small
 * multiple of the text: repetitions are possessive or bounded, and a word is begun at its start
 * only. What a replacement leaves behind must not match again.
 */
#include "scrub/rules.h"

/* Words in names of secrets. */
#define WORDS                                                                     \
	"passw(?:or)?d|passphrase|secret|token|api[-_.]?key|access[-_.]?key|"     \
	"private[-_.]?key|encryption[-_.]?key|signing[-_.]?key|account[-_.]?key|" \
	"credential|cookie|authorization|session[-_.]?id|connection[-_.]?string"
/* A name with one of them; it begins where it could not go on to the left. */
#define NAME_OF(separators)                                                                        \
	"(?i)(?<![\\w.-])(?=[\\w.-]++[\"']?\\s*+" separators ")(?>[\\w.-]*?(?:" WORDS "))[\\w.-]*" \
	"+"
/* Shorter ones are words of their own, or nothing but a sign of assignment tells them. */
#define SHORT_NAME "(?i)(?<![\\w.-])(?:[\\w-]{0,64}?[_-])?(?:pass|pwd|auth|dsn|pat)(?:_\\w{0,64}+)?"
#define VALUE      "(?:\"[^\"\\x00]*+\"|'[^'\\x00]*+'|[^\\s\\x00\"',;&|(){}\\[\\]]++)"
/* "==" compares, "::" is C++, "://" is a URL. */
#define ASSIGN "(?:=(?!=)|:(?![:/\\\\]))"

#define FOLDER_USER "[^/\\x00\\s\"':<>|*?\\\\]++(?: [A-Z][\\w.-]*+(?=[/ ])){0,2}"
#define OCTET       "(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)"
#define GROUP       "[0-9a-f]{1,4}"

/* To the end of the string when the end of the key is not in it. */
#define KEY_BLOCK                                 \
	"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----" \
	"(?:[\\s\\S]*?-----END [A-Z ]{0,40}PRIVATE KEY-----|[\\s\\S]*+)"

const char scrub_key_pattern[] = KEY_BLOCK;
const char scrub_option_pattern[] =
	"(?i)\\A--?(?:[\\w-]{0,64}(?:" WORDS ")|pass|pwd|auth)[\\w-]{0,64}\\z";
const char scrub_member_pattern[] = "(?i)(?<![^/])(?=[\\w.-]++\\z)(?>[\\w.-]*?(?:" WORDS "))";
const char scrub_key_end_pattern[] = "\\A[\\s\\S]*?-----END [A-Z ]{0,40}PRIVATE KEY-----";

const struct scrub_builtin scrub_builtins[] = {
	{{SCRUB_PRIVATE_KEY, "secrets", "blocks of private keys, over several strings too"},
	 KEY_BLOCK,
	 .needs = "- ",
	 .hint = "PRIVATE KEY-----",
	 .names = true},
	{{"environment", "secrets", "variables of a secret's name, KEY=all of the value"},
	 "(?:\\A|(?<=\\x00))(?>[A-Z0-9_]*?(?:PASSW(?:OR)?D|PASSPHRASE|SECRET|TOKEN|_KEY|APIKEY|"
	 "CREDENTIAL|_PASS|_PWD|_AUTH|_DSN|CONNECTION_STRING))[A-Z0-9_]*+=\\K[^\\x00]++",
	 .needs = "="},
	{{"header", "secrets", "values of HTTP headers that authorize"},
	 "(?i)(?<![\\w-])(?:(?:proxy-)?authorization|(?:set-)?cookie|x-[\\w-]{0,40}(?:token|key|"
	 "secret))[\"']?\\s*+:\\s*+[\"']?\\K[^\\s\"'\\x00][^\"'\\r\\n\\x00]*+",
	 .needs = ":"},
	{{"bearer-token", "secrets", "tokens behind the word Bearer"},
	 "(?i)\\bbearer\\s++\\K[\\w.~+/-]{16,}+=*+",
	 .min = 23},
	{{"url-password", "secrets", "user and password in scheme://user:password@host"},
	 "(?<![\\w+.-])[A-Za-z][\\w+.-]*+://\\K[^\\s/?#@:\\x00\"'<>]*+:[^\\s/@\\x00\"'<>]++(?=@)",
	 .needs = ":/@",
	 .hint = "://",
	 .names = true},
	{{"key-value", "secrets",
	  "KEY=VALUE, \"KEY\": VALUE and query parameters of a secret's name"},
	 NAME_OF(ASSIGN) "[\"']?\\s*+" ASSIGN "\\s*+\\K" VALUE,
	 .needs = "="},
	{{"key-value", "secrets", "the same with a colon"},
	 NAME_OF(ASSIGN) "[\"']?\\s*+" ASSIGN "\\s*+\\K" VALUE,
	 .needs = ":"},
	{{"key-value", "secrets", "the same for pass, pwd, auth, dsn"},
	 SHORT_NAME "[\"']?\\s*+=(?!=)\\s*+\\K" VALUE,
	 .needs = "="},
	{{SCRUB_OPTION, "secrets", "arguments of options such as --password"},
	 "(?i)(?<![\\w-])--?(?:[\\w-]{0,64}?(?:" WORDS "))[\\w-]{0,64}+[ \\t\\x00]++\\K" VALUE,
	 .needs = "-"},
	{{SCRUB_OPTION, "secrets", "the password in curl's -u user:password"},
	 "(?<![\\w-])(?:-u|--(?:proxy-)?user)[ "
	 "\\t\\x00=]++[\"']?[^\\s:\\x00\"']++:\\K[^\\s\\x00\"']++",
	 .needs = "-:",
	 .hint = "-u"},
	{{"key-value", "secrets", "signatures of URLs, which are as good as a password"},
	 "(?i)[?&](?:sig|signature|x-(?:amz|goog)-signature)=\\K[^\\s&\"'\\x00]{16,}+",
	 .needs = "=",
	 .min = 21},
	{{SCRUB_MEMBER, "secrets", "strings of a member or file of a secret's name"}, NULL},
	{{SCRUB_STACK, "secrets", "the stack's memory in the file ddcrash/stack"}, NULL},
	{{SCRUB_STACK, "personal", "the same"}, NULL},
	{{"aws-key", "secrets", "ids of AWS access keys"},
	 "\\b(?:AKIA|ASIA|ABIA|ACCA|AGPA|AIDA|AIPA|ANPA|ANVA|AROA)[A-Z0-9]{16}\\b",
	 .needs = "A",
	 .names = true},
	{{"gcp-key", "secrets", "API keys and access tokens of Google Cloud"},
	 "\\bAIza[\\w-]{35}",
	 .hint = "AIza",
	 .min = 39,
	 .names = true},
	{{"gcp-key", "secrets", "the same"},
	 "\\bya29\\.[\\w-]{20,}+",
	 .needs = ".",
	 .hint = "ya29.",
	 .min = 25,
	 .names = true},
	{{"github-token", "secrets", "tokens of GitHub"},
	 "\\bgh[opsru]_[A-Za-z0-9]{36,}+",
	 .needs = "_",
	 .hint = "gh",
	 .min = 40,
	 .names = true},
	{{"github-token", "secrets", "the same"},
	 "\\bgithub_pat_\\w{22,}+",
	 .needs = "_",
	 .hint = "github_pat_",
	 .min = 33,
	 .names = true},
	{{"gitlab-token", "secrets", "tokens of GitLab"},
	 "\\bgl(?:pat|rt|dt|cbt|ptt|ft|soat|agent)-[\\w-]{20,}+",
	 .needs = "-",
	 .hint = "gl",
	 .min = 24,
	 .names = true},
	{{"slack-token", "secrets", "tokens of Slack"},
	 "\\bxox[abeoprs]-[A-Za-z0-9-]{10,}+",
	 .needs = "-",
	 .hint = "xox",
	 .min = 15,
	 .names = true},
	{{"slack-token", "secrets", "webhooks of Slack"},
	 "hooks\\.slack\\.com/services/\\K[\\w/-]{10,}+",
	 .needs = "./",
	 .hint = "hooks.slack.com",
	 .min = 30},
	{{"stripe-key", "secrets", "keys of Stripe"},
	 "\\b[prs]k_(?:live|test)_[A-Za-z0-9]{16,}+",
	 .needs = "_",
	 .hint = "k_",
	 .min = 24,
	 .names = true},
	{{"npm-token", "secrets", "tokens of npm"},
	 "\\bnpm_[A-Za-z0-9]{36}\\b",
	 .needs = "_",
	 .hint = "npm_",
	 .min = 40,
	 .names = true},
	{{"pypi-token", "secrets", "tokens of PyPI"},
	 "\\bpypi-[\\w-]{50,}+",
	 .needs = "-",
	 .hint = "pypi-",
	 .min = 55,
	 .names = true},
	{{"jwt", "secrets", "JSON Web Tokens"},
	 "\\beyJ[\\w-]{8,}+\\.eyJ[\\w-]{8,}+\\.[\\w-]*+",
	 .needs = ".",
	 .hint = "eyJ",
	 .min = 24,
	 .names = true},

	{{"email", "personal", "e-mail addresses"},
	 "(?<![\\w.%+-])(?!" SCRUB_REDACTED
	 "@)[\\w.%+-]{1,64}+@(?:[A-Za-z0-9-]++\\.(?=[A-Za-z0-9]))++"
	 "[A-Za-z]{2,24}"
	 "(?![\\w-])",
	 .needs = "@.",
	 .names = true},
	{{"home-folder", "personal", "names of users in paths of home folders"},
	 "(?<![\\w.])(?:/var|/export|/mnt|/usr|/data)?/home/\\K" FOLDER_USER,
	 "USER",
	 "/",
	 "/home/",
	 .names = true},
	{{"home-folder", "personal", "the same of macOS"},
	 "(?<![\\w.])/Users/\\K(?!Shared/)" FOLDER_USER,
	 "USER",
	 "/",
	 "/Users/",
	 .names = true},
	{{"home-folder", "personal", "the same of Windows"},
	 "(?i)(?<![a-z])[a-z]:[\\\\/]{1,2}Users[\\\\/]{1,2}\\K"
	 "(?!(?:Public|Default|All Users)[\\\\/])"
	 "[^\\\\/:*?\"<>|\\x00\\s]++(?: [A-Z][\\w.-]*+(?=[\\\\/ ])){0,2}",
	 "USER",
	 ":",
	 "sers",
	 .names = true},
	{{"home-folder", "personal", "the same of Windows"},
	 "(?i)(?<![a-z])[a-z]:[\\\\/]{1,2}Documents and Settings[\\\\/]{1,2}\\K"
	 "[^\\\\/:*?\"<>|\\x00\\s]++(?: [A-Z][\\w.-]*+(?=[\\\\/ ])){0,2}",
	 "USER",
	 ":",
	 "ettings",
	 .names = true},
	{{"user-variable", "personal", "USER, LOGNAME and the like in an environment"},
	 "(?:\\A|(?<=\\x00))(?:USER|LOGNAME|USERNAME|SUDO_USER|MAIL)=\\K[^\\x00]++",
	 "USER",
	 "="},
	{{"user-tag", "personal", "tags that name a user"},
	 "(?i)\\A(?:usr|user|login|account|customer)(?:[._-]?(?:id|name|login|email|handle))?:\\K"
	 ".++\\z",
	 "USER",
	 ":",
	 .tags = true},

	{{"ipv4", "network", "IPv4 addresses"},
	 "(?<![\\w.])(?:" OCTET "\\.){3}" OCTET "(?![\\w]|\\.\\d)",
	 "0.0.0.0",
	 "."},
	{{"ipv6", "network", "IPv6 addresses"},
	 "(?i)(?<![\\w:.])(?!::(?![0-9a-f]))(?:(?:" GROUP ":){7}" GROUP "|(?:" GROUP
	 ":){1,6}(?::" GROUP "){1,6}|::(?:" GROUP ":){0,6}" GROUP "|(?:" GROUP
	 ":){1,7}:)(?![\\w:.])",
	 "::",
	 ":"},
	{{"mac-address", "network", "hardware addresses"},
	 "(?i)(?<![\\w:-])(?:[0-9a-f]{2}:){5}[0-9a-f]{2}(?![\\w:-])",
	 "00:00:00:00:00:00",
	 ":"},
};
const size_t scrub_builtin_count = sizeof(scrub_builtins) / sizeof(scrub_builtins[0]);

const struct crashinfo_scrub_rule *crashinfo_scrub_rule(size_t index)
{
	return index < scrub_builtin_count ? &scrub_builtins[index].rule : NULL;
}
