// SPDX-License-Identifier: Apache-2.0

package trust

import "github.com/linkspan/linkspan"

func refuse(code linkspan.Code, op, message, hint string) error {
	return wrap(code, op, message, hint, nil)
}

func wrap(code linkspan.Code, op, message, hint string, err error) error {
	return &linkspan.Error{Code: code, Op: op, Message: message, Hint: hint, Err: err}
}

func invalid(op, message string) error { return refuse(linkspan.Invalid, op, message, "") }

func anonymous(op string) error {
	return refuse(linkspan.Unauthenticated, op, "no client certificate was shown",
		"join this host with a token from \"linkspan switch token\", or use the certificate of a user")
}
