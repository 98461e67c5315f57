package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"regexp"
	"strings"

	"judge"
)

// disclosure is the row of law under which a person is shown their own records.
const disclosure = "act/a6-3"

var header = regexp.MustCompile(
	`^\{"alg":"EdDSA","b64":false,"crit":\["b64"\],"kid":"([A-Za-z0-9._:/-]{1,128})"\}$`)

// signer verifies a detached JWS (RFC 7515 appendix F, RFC 7797 with b64 false) and names its kid; "" if it is false.
func signer(payload []byte, jws string, key ed25519.PublicKey) string {
	parts := strings.Split(jws, "..")
	if len(jws) > 512 || len(parts) != 2 {
		return ""
	}
	written, err := unbase64url(parts[0])
	match := header.FindSubmatch(written)
	signature, other := unbase64url(parts[1])
	if err != nil || other != nil || match == nil || len(signature) != ed25519.SignatureSize {
		return ""
	}
	if !ed25519.Verify(key, append([]byte(parts[0]+"."), payload...), signature) {
		return ""
	}
	return string(match[1])
}

// unbase64url reads the one spelling of bytes in base64url without padding.
func unbase64url(text string) ([]byte, error) {
	value, err := base64.RawURLEncoding.DecodeString(text)
	if err == nil && base64.RawURLEncoding.EncodeToString(value) != text {
		err = errors.New("not the one spelling of these bytes")
	}
	return value, err
}

// readLook reads the papers of a look once their signatures hold: slip, stamps, what the ledger shows of them; and the
// commitment.
func readLook(evidence object, epoch *epoch, policy *policy) (*judge.Event, []byte, error) {
	r := reader{}
	paper := r.object(evidence, "slip")
	body := r.bytes(paper, "body")
	slip := r.document(body)
	basis, sender := r.object(slip, "basis"), r.object(slip, "sender")
	by := signer(body, r.text(paper, "jws"), policy.portal)
	if by == "" || by != r.text(sender, "institution") || r.text(basis, "permission") != disclosure {
		return nil, nil, errors.New("the portal has not signed it")
	}
	commit := sha256.Sum256(append(r.bytes(slip, "salt"), body...))
	one := r.stamp(r.object(evidence, "first"), 1, policy.first, slip, body, commit[:])
	two := r.stamp(r.object(evidence, "second"), 2, policy.second, slip, body, commit[:])
	if r.err != nil {
		return nil, nil, r.err
	}
	place := r.object(one, "log")
	index := r.number(place, "index")
	if r.text(place, "origin") != epoch.xOrigin || index >= epoch.xSize || index != r.number(evidence, "index") ||
		r.number(evidence, "v") != 1 || evidence["salt"] != nil {
		return nil, nil, errors.New("it has no place in this epoch")
	}
	codes := r.object(slip, "codes")
	row := r.one(codes, "rows")
	first, second := r.object(one, "target"), r.object(two, "target")
	shown := r.object(evidence, "proof")
	event := &judge.Event{
		Tx:             r.bytes(slip, "tx"),
		Source:         judge.Domain{Label: r.text(evidence, "source"), Epoch: uint32(r.number(codes, "source_epoch"))},
		Target:         judge.Domain{Label: r.text(evidence, "target"), Epoch: uint32(r.number(codes, "target_epoch"))},
		D1:             r.bytes(codes, "d1"),
		D2:             r.bytes(codes, "d2"),
		X0:             r.bytes(row, "x0"),
		Cb:             r.bytes(row, "cb"),
		X1:             r.point(first),
		X2:             r.point(second),
		OperatorProof1: r.bytes(first, "proof"),
		OperatorProof2: r.bytes(second, "proof"),
		W:              r.bytes(shown, "w"),
		V1:             r.bytes(shown, "v1"),
		V2:             r.bytes(shown, "v2"),
		C1:             r.bytes(shown, "c1"),
		C2:             r.bytes(shown, "c2"),
		Element:        r.bytes(shown, "index"),
		Proof:          r.bytes(shown, "proof"),
	}
	return event, commit[:], r.err
}

// stamp reads an operator's stamp, signed by it for this very slip and for no ledger beside a provider.
func (r *reader) stamp(paper object, number uint64, key ed25519.PublicKey, slip object, body, commit []byte) object {
	signed := r.bytes(paper, "body")
	stamp := r.document(signed)
	r.only(stamp, "commit", "ledger", "log", "operator", "row", "slip", "snapshot", "target", "time", "tx", "v")
	digest, basis := sha256.Sum256(body), r.object(slip, "basis")
	if signer(signed, r.text(paper, "jws"), key) == "" ||
		r.number(stamp, "v") != 1 || r.number(stamp, "operator") != number || stamp["ledger"] != nil ||
		!bytes.Equal(r.bytes(stamp, "slip"), digest[:]) || !bytes.Equal(r.bytes(stamp, "commit"), commit) ||
		stamp["tx"] != slip["tx"] || stamp["row"] != basis["permission"] || stamp["snapshot"] != basis["snapshot"] {
		r.fail("a stamp")
	}
	return stamp
}

// point is the one converted code of a person.
func (r *reader) point(converted object) []byte {
	values := r.list(converted, "xs")
	if len(values) != 1 {
		r.fail("xs")
		return nil
	}
	return r.bytes(object{"x": values[0]}, "x")
}

func (r *reader) one(from object, name string) object {
	values := r.list(from, name)
	if len(values) != 1 {
		r.fail(name)
		return object{}
	}
	one, _ := values[0].(object)
	return one
}
