// SPDX-License-Identifier: Apache-2.0

// Package stick carries a signed script with all that it needs to a switch without a network: a
// folder, or one file (tar), with
//
//	script.json      the envelope
//	roots/1.json     root documents, by version
//	images/          an OCI image layout (OCI Image Specification 1.1) with every image that the script uses
//
// What is on a stick is not trusted: files are bounded, names are only these, and every blob is
// compared with its digest. Who signed the script is for others to judge.
//
//	err := stick.Write("usb", stick.Contents{Script: envelope, Roots: roots, Images: stick.Layouts{"out"}}, nil)
//	s, err := stick.Open("usb")
//	defer s.Close()
package stick
