// SPDX-License-Identifier: Apache-2.0

package support

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/linkspan/linkspan/nos/tree"
)

// Hidden stands where a secret was.
const Hidden = tree.Hidden

// shortest is the least length of what is taken for a secret, in bytes: all places of a shorter
// text would be more of the file than of the secret.
const shortest = 4

// tokenForm is how a join token of Linkspan begins.
const tokenForm = `lsjoin[0-9]+\.`

// Scrubber takes secrets out of texts. It may be used by any number of goroutines.
type Scrubber struct {
	plain *strings.Replacer
	forms []form
}

// form is something that looks like a secret.
type form struct {
	signs []string // without one of these, in lower case, nothing of it is in a text: a large one is gone through fast
	looks *regexp.Regexp
	keep  string // what stands for it
}

// NewScrubber returns one that knows some secrets, and what secrets look like.
func NewScrubber(secrets []string) *Scrubber {
	var written []string
	for _, s := range secrets {
		if len(s) >= shortest {
			written = append(written, variants(s)...)
		}
	}
	slices.SortFunc(written, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	var pairs []string
	for _, text := range slices.Compact(written) {
		pairs = append(pairs, text, Hidden)
	}
	return &Scrubber{plain: strings.NewReplacer(pairs...), forms: forms()}
}

// variants are the ways in which programs write a text.
func variants(secret string) []string {
	all := []string{secret, tree.Quote(secret), url.QueryEscape(secret), url.PathEscape(secret), hex.EncodeToString([]byte(secret)), strings.ToUpper(hex.EncodeToString([]byte(secret)))}
	if text, err := json.Marshal(secret); err == nil {
		all = append(all, string(text[1:len(text)-1]))
	}
	for _, e := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
		all = append(all, e.EncodeToString([]byte(secret)))
	}
	return slices.DeleteFunc(all, func(s string) bool { return len(s) < shortest })
}

// forms is the table of what looks like a secret.
func forms() []form {
	const names = `password|passwd|passphrase|secret|psk|private[_-]?key|api[_-]?key|access[_-]?key|auth[_-]?key|token|community|linkspan_join`
	words := []string{"passw", "passphrase", "secret", "psk", "privatekey", "private_key", "private-key", "api", "access", "auth", "token", "community", "linkspan_join"}
	table := []struct {
		signs       []string
		looks, keep string
	}{
		{[]string{"private key-----"}, `(?s)(-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----).*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|\z)`, "$1 " + Hidden},
		{[]string{"$"}, `\$(?:2[abxy]?|1|5|6|y|gy|7|argon2(?:id|i|d))\$[^\s"':<>]{8,}`, Hidden},
		{words, `(?i)(\b[a-z0-9_.-]*(?:` + names + `)\b"?\s*[:=]\s*)(?:"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[^\s,;}&"']+)`, "$1" + Hidden},
		{words, `(?i)((?:--?)(?:` + names + `)[ =])(?:"[^"\n]*"|'[^'\n]*'|\S+)`, "$1" + Hidden},
		{[]string{"authorization", "cookie:", "cookie :", "x-api-key"}, `(?i)(\b(?:authorization|proxy-authorization|cookie|set-cookie|x-api-key)\s*:\s*)[^\r\n]+`, "$1" + Hidden},
		{[]string{"bearer", "basic"}, `(?i)(\b(?:bearer|basic)\s+)[a-z0-9+/_.=~-]{8,}`, "$1" + Hidden},
		{[]string{"://"}, `([a-zA-Z][a-zA-Z0-9+.-]*://[^\s/:@"']*:)[^\s/@"']+@`, "$1" + Hidden + "@"},
		{[]string{"lsjoin"}, `\b` + tokenForm + `\S*`, Hidden},
	}
	all := make([]form, len(table))
	for i, row := range table {
		all[i] = form{row.signs, regexp.MustCompile(row.looks), row.keep}
	}
	return all
}

// in says that a text, which is given in lower case, may have something of the form.
func (f form) in(lower []byte) bool {
	return slices.ContainsFunc(f.signs, func(sign string) bool { return bytes.Contains(lower, []byte(sign)) })
}

// Scrub returns a text without its secrets.
func (s *Scrubber) Scrub(text []byte) []byte {
	if len(text) == 0 {
		return nil
	}
	clean := []byte(s.plain.Replace(string(text)))
	lower := bytes.ToLower(clean)
	for _, f := range s.forms {
		if f.in(lower) {
			clean = f.looks.ReplaceAll(clean, []byte(f.keep))
		}
	}
	return bytes.ToValidUTF8(clean, []byte("\uFFFD"))
}

// Secrets returns all secrets of a configuration.
func Secrets(t *tree.Tree) []string {
	var all []string
	for _, e := range t.Edits() {
		if e.Secret {
			all = append(all, e.Words[len(e.Words)-1])
		}
	}
	return all
}
