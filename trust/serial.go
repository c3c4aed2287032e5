// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"crypto/x509"
	"fmt"
	"io"
	"math/big"
)

// newSerial draws 128 random bits, never all zero (RFC 5280, 4.1.2.2).
func newSerial(random io.Reader) (*big.Int, error) {
	var bits [16]byte
	for {
		if _, err := io.ReadFull(random, bits[:]); err != nil {
			return nil, fmt.Errorf("draw a serial number: %w", err)
		}
		if serial := new(big.Int).SetBytes(bits[:]); serial.Sign() > 0 {
			return serial, nil
		}
	}
}

// SerialOf returns the certificate's serial number as lower-case hexadecimal
// digits, as records and revocations hold it.
func SerialOf(cert *x509.Certificate) string {
	return fmt.Sprintf("%032x", cert.SerialNumber)
}
