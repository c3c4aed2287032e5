// SPDX-License-Identifier: Apache-2.0

// Package trust says who is speaking and what they may do.
//
// It holds the certificate authority ([CA]), the one-time tokens with which a
// host joins ([Token]), the identities that certificates carry ([Identity]),
// the table of who may do what ([Allow]), the certificates revoked before their
// time ([Revocations]) and the TLS configurations every listener and client of
// Linkspan uses ([TLS]). Certificates are X.509 (RFC 5280) with ECDSA P-256
// keys, made by the standard library alone.
//
// How a host joins:
//
//  1. An administrator asks a controller for a token: [NewToken] gives the text
//     for the host and the [TokenRecord], which holds only a hash, for the store.
//  2. The host reads the token ([ReadToken]), makes a key ([NewRequest]) and dials
//     the controller with [JoinConfig], which ends the handshake unless the
//     controller proves itself under the CA whose fingerprint the token carries.
//     Only then does the secret leave the host.
//  3. The controller redeems the record ([TokenRecord.Redeem]) in one transaction
//     of the store and answers with [CA.IssueChassis].
//  4. The host checks the answer ([Request.Complete]) and keeps it ([Keeper]),
//     which renews it over the same connection and without a restart.
//
// What it is not: it opens no listener, speaks no API, and stores nothing but
// its own keys. Records of tokens and revocations are kept by the caller.
//
// The server side of one connection:
//
//	keeper, err := trust.OpenKeeper("/var/lib/linkspan/controller.pem")
//	...
//	side := trust.TLS{Keeper: keeper, Revocations: revocations}
//	config, err := side.ServerConfig()
//	...
//	id, err := trust.PeerIdentity(*request.TLS)
//	if err == nil {
//		err = trust.Allow(id, trust.NetworkCreate)
//	}
package trust
