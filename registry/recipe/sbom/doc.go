// SPDX-License-Identifier: Apache-2.0

// Package sbom writes what is in an image as a document of SPDX 2.3, in JSON: packages with
// their versions, and their licences where they are known.
//
//	text, err := sbom.Write(sbom.Document{Name: "base/routing", Version: "1.0.0", Packages: packages})
package sbom
