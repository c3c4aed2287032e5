// SPDX-License-Identifier: Apache-2.0

package login

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/linkspan/linkspan"
)

// Prove logs in to a registry as clients do: it asks, is told where a token is issued, asks
// for one with the credential, and asks again with it. The error is Unauthenticated for a
// wrong name or password, and Unavailable if the registry cannot be reached or believed.
func Prove(ctx context.Context, client *http.Client, host string, c Credential) error {
	base := "https://" + host + "/v2/"
	code, challenge, _, err := get(ctx, client, base, nil)
	if err != nil {
		return err
	}
	if code == http.StatusOK { // a certificate was enough
		return nil
	}
	realm, service, ok := readChallenge(challenge)
	if !ok {
		return &linkspan.Error{Code: linkspan.Invalid, Message: fmt.Sprintf("%s does not answer as a registry does (status %d)", host, code)}
	}
	where, err := url.Parse(realm)
	if err != nil || where.Scheme != "https" || where.Host != host {
		return &linkspan.Error{Code: linkspan.Permission, Message: "registry " + host + " wants the password sent elsewhere, to " + fmt.Sprintf("%.100q", realm)}
	}
	where.RawQuery = url.Values{"service": {service}}.Encode()
	code, _, body, err := get(ctx, client, where.String(), func(r *http.Request) { r.SetBasicAuth(c.Name, c.Secret) })
	if err != nil {
		return err
	}
	var answer struct{ Token string }
	if code != http.StatusOK || json.Unmarshal(body, &answer) != nil {
		return refusal(code, body)
	}
	code, _, body, err = get(ctx, client, base, func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+answer.Token) })
	if err == nil && code != http.StatusOK {
		err = refusal(code, body)
	}
	return err
}

// Reach asks a registry whether it is there. The error is as that of [Prove]; see [Stranger].
func Reach(ctx context.Context, client *http.Client, host string) error {
	_, _, _, err := get(ctx, client, "https://"+host+"/v2/", nil)
	return err
}

// refusal reads why a registry refused.
func refusal(code int, body []byte) error {
	var f struct {
		Errors []struct{ Message, Detail string }
	}
	e := &linkspan.Error{Code: linkspan.Unauthenticated, Message: fmt.Sprintf("the registry refused (status %d)", code)}
	if err := json.Unmarshal(body, &f); err == nil && len(f.Errors) > 0 {
		e.Message = f.Errors[0].Message
	}
	if code == http.StatusTooManyRequests {
		e.Code, e.Hint = linkspan.Exhausted, "wait a minute"
	}
	return e
}

// maxAnswer is how much of an answer is read, in bytes.
const maxAnswer = 1 << 20

func get(ctx context.Context, client *http.Client, address string, prepare func(*http.Request)) (code int, challenge string, body []byte, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return 0, "", nil, err
	}
	if prepare != nil {
		prepare(r)
	}
	answer, err := client.Do(r)
	if err != nil {
		return 0, "", nil, unreachable(r.URL.Host, err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err = io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	return answer.StatusCode, answer.Header.Get("WWW-Authenticate"), body, err
}

// unreachable says what to do about a registry that cannot be reached.
func unreachable(host string, err error) error {
	e := &linkspan.Error{Code: linkspan.Unavailable, Message: "registry " + host + " does not answer", Hint: "is linkspan serve registry running there, and is this host in its management subnets?", Err: err}
	if Stranger(err) {
		e.Code, e.Message, e.Hint = linkspan.Unauthenticated, "registry "+host+" has a certificate that nobody here knows", "linkspan login "+host+" --ca FILE, or --fingerprint with what the registry logs at its start"
	}
	if errors.Is(err, context.Canceled) {
		return err
	}
	return e
}

// Stranger says whether a registry could not be asked because its certificate is not known here.
func Stranger(err error) bool {
	var v *tls.CertificateVerificationError
	return errors.As(err, &v)
}

// readChallenge reads realm and service of a Bearer challenge (RFC 9110, 11.6.1).
func readChallenge(text string) (realm, service string, ok bool) {
	scheme, rest, found := strings.Cut(text, " ")
	if !found || !strings.EqualFold(scheme, "Bearer") {
		return "", "", false
	}
	for rest != "" {
		var name, value string
		if name, rest, found = strings.Cut(strings.TrimLeft(rest, ", "), `="`); !found {
			break
		}
		if value, rest, found = strings.Cut(rest, `"`); !found {
			break
		}
		switch strings.ToLower(name) {
		case "realm":
			realm = value
		case "service":
			service = value
		}
	}
	return realm, service, realm != ""
}
