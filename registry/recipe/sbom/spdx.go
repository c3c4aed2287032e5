// SPDX-License-Identifier: Apache-2.0

package sbom

import (
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// MediaType is that of a document.
const MediaType = "application/spdx+json"

// Document is about one image.
type Document struct {
	Name     string // of the image
	Version  string
	Digest   string // sha256:...
	Created  time.Time
	Packages []Package
}

// Package is something in an image.
type Package struct {
	Name         string
	Version      string
	Architecture string
	Distribution string   // debian; empty: it is a program of this project or of the recipe's
	Source       string   // source package, if it has another name
	Supplier     string   // who maintains it, as NAME <ADDRESS>
	Homepage     string   // may be empty
	Licences     []string // short names, as they are written down; none: not known
	SHA256       string   // may be empty
}

// The form of a document: SPDX specification 2.3, clauses 6, 7 and 11.
type (
	document struct {
		Version       string         `json:"spdxVersion"`
		DataLicence   string         `json:"dataLicense"`
		ID            string         `json:"SPDXID"`
		Name          string         `json:"name"`
		Namespace     string         `json:"documentNamespace"`
		Creation      creation       `json:"creationInfo"`
		Packages      []element      `json:"packages"`
		Licences      []licence      `json:"hasExtractedLicensingInfos,omitempty"`
		Relationships []relationship `json:"relationships"`
	}
	creation struct {
		Created  string   `json:"created"`
		Creators []string `json:"creators"`
	}
	element struct {
		Name       string     `json:"name"`
		ID         string     `json:"SPDXID"`
		Version    string     `json:"versionInfo"`
		Supplier   string     `json:"supplier,omitempty"`
		Download   string     `json:"downloadLocation"`
		Analysed   bool       `json:"filesAnalyzed"`
		Homepage   string     `json:"homepage,omitempty"`
		Source     string     `json:"sourceInfo,omitempty"`
		Concluded  string     `json:"licenseConcluded"`
		Declared   string     `json:"licenseDeclared"`
		Copyright  string     `json:"copyrightText"`
		Checksums  []checksum `json:"checksums,omitempty"`
		References []external `json:"externalRefs,omitempty"`
		Purpose    string     `json:"primaryPackagePurpose,omitempty"`
	}
	checksum struct {
		Algorithm string `json:"algorithm"`
		Value     string `json:"checksumValue"`
	}
	external struct {
		Category string `json:"referenceCategory"`
		Type     string `json:"referenceType"`
		Locator  string `json:"referenceLocator"`
	}
	licence struct {
		ID   string `json:"licenseId"`
		Text string `json:"extractedText"`
		Name string `json:"name"`
	}
	relationship struct {
		From string `json:"spdxElementId"`
		Type string `json:"relationshipType"`
		To   string `json:"relatedSpdxElement"`
	}
)

const (
	imageID = "SPDXRef-image"
	unknown = "NOASSERTION"
)

// Write returns the document as JSON, with a line break at its end. The same document gives
// the same bytes.
func Write(d Document) ([]byte, error) {
	out := document{
		Version: "SPDX-2.3", DataLicence: "CC0-1.0", ID: "SPDXRef-DOCUMENT", Name: d.Name + " " + d.Version, Namespace: "urn:linkspan:sbom:" + d.Digest,
		Creation: creation{Created: d.Created.UTC().Format(time.RFC3339), Creators: []string{"Tool: linkspan"}},
		Packages: []element{{
			Name: d.Name, ID: imageID, Version: d.Version, Download: unknown, Concluded: unknown, Declared: unknown, Copyright: unknown, Purpose: "CONTAINER",
			Checksums: []checksum{{"SHA256", strings.TrimPrefix(d.Digest, "sha256:")}},
		}},
		Relationships: []relationship{{"SPDXRef-DOCUMENT", "DESCRIBES", imageID}},
	}
	names := make(map[string]string) // of licences that SPDX may not have
	for i, p := range d.Packages {
		e := newElement(fmt.Sprintf("SPDXRef-package-%d-%s", i+1, idString(p.Name)), p, names)
		out.Packages = append(out.Packages, e)
		out.Relationships = append(out.Relationships, relationship{imageID, "CONTAINS", e.ID})
		for _, l := range p.Licences {
			if id := reference(l); names[id] != "" {
				out.Licences = append(out.Licences, licence{id, names[id], l})
				names[id] = ""
			}
		}
	}
	text, err := json.MarshalIndent(out, "", "  ")
	return append(text, '\n'), err
}

func newElement(id string, p Package, names map[string]string) element {
	e := element{
		Name: p.Name, ID: id, Version: p.Version, Download: unknown, Homepage: p.Homepage, Source: p.Source,
		Concluded: unknown, Declared: expression(p.Licences, names), Copyright: unknown,
	}
	if name, address, ok := strings.Cut(p.Supplier, " <"); ok {
		e.Supplier = "Organization: " + name + " (" + strings.TrimSuffix(address, ">") + ")"
	}
	if p.SHA256 != "" {
		e.Checksums = []checksum{{"SHA256", p.SHA256}}
	}
	if p.Distribution != "" {
		e.References = []external{{"PACKAGE-MANAGER", "purl", purl(p)}}
	}
	return e
}

// purl is the package's name as package URLs have it (purl specification, type deb).
func purl(p Package) string {
	return fmt.Sprintf("pkg:deb/%s/%s@%s?arch=%s", p.Distribution, url.PathEscape(p.Name), strings.ReplaceAll(url.QueryEscape(p.Version), "+", "%20"), p.Architecture)
}

// expression is a licence expression (SPDX 2.3, annex D) of names that are not sure to be those of
// SPDX's list: each is a reference to a text of the document. All of them hold.
func expression(licences []string, names map[string]string) string {
	if len(licences) == 0 {
		return unknown
	}
	all := make([]string, len(licences))
	for i, l := range licences {
		if known[l] {
			all[i] = l
			continue
		}
		all[i] = reference(l)
		if _, seen := names[all[i]]; !seen {
			names[all[i]] = "The text is in the package's copyright file, below the name " + l + "."
		}
	}
	return strings.Join(all, " AND ")
}

// known are names that SPDX's list has too.
var known = map[string]bool{
	"Apache-2.0": true, "MIT": true, "ISC": true, "BSD-2-Clause": true, "BSD-3-Clause": true, "GPL-2.0-only": true, "GPL-2.0-or-later": true,
	"GPL-3.0-or-later": true, "LGPL-2.1-or-later": true, "Zlib": true, "MPL-2.0": true,
}

var noID = regexp.MustCompile(`[^A-Za-z0-9.-]+`)

func idString(name string) string { return noID.ReplaceAllString(name, "-") }

func reference(l string) string { return "LicenseRef-" + idString(l) }
