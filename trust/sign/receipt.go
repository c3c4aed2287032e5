// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"encoding/json"
	"fmt"

	"github.com/linkspan/linkspan"
)

// maxReceipt is the greatest size of a receipt, in bytes of JSON.
const maxReceipt = 64 << 10

// SealReceipt returns a receipt in its envelope.
func SealReceipt(r linkspan.Receipt, key *Key) ([]byte, error) {
	payload, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	return Seal(linkspan.ReceiptType, payload, key)
}

// OpenReceipt returns the receipt in an envelope that the key of a switch has signed. Whose key
// that is its caller knows: the receipt must name the same switch.
func OpenReceipt(envelope []byte, key PublicKey, name string) (linkspan.Receipt, error) {
	var r linkspan.Receipt
	payload, err := Role{1, []PublicKey{key}}.Open(envelope, linkspan.ReceiptType)
	if err != nil {
		return r, err
	}
	if err := strict(payload, maxReceipt, &r); err != nil {
		return r, refused("receipt", ErrForm, err.Error())
	}
	if r.Type != linkspan.ReceiptType || r.Switch != name {
		return r, refused("receipt", ErrType, fmt.Sprintf("it is of switch %.80q and not of %q", r.Switch, name))
	}
	return r, nil
}
