package judge

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"errors"

	ristretto "github.com/bwesterb/go-ristretto"
)

// suite is the tag of every hash (docs/protocols/codes.md).
const suite = "KUMIHIMO-FUGO-1-ristretto255-SHA512"

// Event is one person's row of a stamped slip: what the inquirer asked and both operators made of it.
type Event struct {
	Tx                         []byte
	Source, Target             Domain
	D1, D2, X0, Cb, X1, X2     []byte
	OperatorProof1             []byte
	OperatorProof2             []byte
	W, V1, V2, C1, C2, Element []byte // what the ledger shows of it
	Proof                      []byte
}

// Domain is a code domain in one generation of its keys.
type Domain struct {
	Label string
	Epoch uint32
}

func (d Domain) encoded() []byte {
	return binary.BigEndian.AppendUint32(lp([]byte(d.Label)), d.Epoch)
}

func lp(value []byte) []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(len(value))), value...)
}

func lps(values ...[]byte) []byte {
	var joined []byte
	for _, value := range values {
		joined = append(joined, lp(value)...)
	}
	return joined
}

// expand gives 64 uniform bytes (RFC 9380 §5.3.1, SHA-512).
func expand(message, tag []byte) [64]byte {
	tag = append(append([]byte{}, tag...), byte(len(tag)))
	first := sha512.New()
	first.Write(make([]byte, 128))
	first.Write(message)
	first.Write([]byte{0, 64, 0})
	first.Write(tag)
	second := sha512.New()
	second.Write(first.Sum(nil))
	second.Write([]byte{1})
	second.Write(tag)
	var out [64]byte
	copy(out[:], second.Sum(nil))
	return out
}

func hashToScalar(message, context []byte) *ristretto.Scalar {
	wide := expand(message, append([]byte("HashToScalar-"), context...))
	return new(ristretto.Scalar).SetReduced(&wide)
}

// pedersen is H', the second base of every commitment (RFC 9496 §4.3.4 over both halves).
func pedersen() *ristretto.Point {
	wide := expand([]byte("pedersen"), []byte("HashToGroup-"+suite))
	var half [32]byte
	var one, other ristretto.Point
	copy(half[:], wide[:32])
	half[31] &= 0x7f
	one.SetElligator(&half)
	copy(half[:], wide[32:])
	half[31] &= 0x7f
	other.SetElligator(&half)
	return one.Add(&one, &other)
}

var errElement = errors.New("not a group element")

// point reads an element in its one encoding; never the identity.
func point(data []byte) (*ristretto.Point, error) {
	var buf [32]byte
	var p ristretto.Point
	if len(data) != 32 || bytes.Equal(data, buf[:]) {
		return nil, errElement
	}
	copy(buf[:], data)
	if !p.SetBytes(&buf) || !bytes.Equal(p.Bytes(), data) {
		return nil, errElement
	}
	return &p, nil
}

func scalar(data []byte) (*ristretto.Scalar, error) {
	var buf [32]byte
	if len(data) != 32 {
		return nil, errElement
	}
	copy(buf[:], data)
	s := new(ristretto.Scalar).SetBytes(&buf)
	if s.IsNonZeroI() == 0 || !bytes.Equal(s.Bytes(), data) {
		return nil, errElement
	}
	return s, nil
}

func points(datas ...[]byte) ([]*ristretto.Point, error) {
	found := make([]*ristretto.Point, len(datas))
	for i, data := range datas {
		var err error
		if found[i], err = point(data); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// commitment is s·base + c·image.
func commitment(s, c *ristretto.Scalar, base, image *ristretto.Point) []byte {
	var one, other ristretto.Point
	one.PublicScalarMult(base, s)
	other.PublicScalarMult(image, c)
	return one.Add(&one, &other).Bytes()
}

// CheckIndex says whether the ledger's index element is that of the event's person: its own proof, and both
// operators'. S1, S2 and key are the ledger's, as published.
func (e *Event) CheckIndex(s1, s2, key []byte) error {
	if err := e.checkLedger(s1, s2, key); err != nil {
		return errors.New("the ledger's proof does not hold")
	}
	if !e.checkOperator(1, e.D1, e.C1, e.X0, e.X1, e.OperatorProof1) {
		return errors.New("operator 1's proof does not hold")
	}
	if !e.checkOperator(2, e.D2, e.C2, e.X1, e.X2, e.OperatorProof2) {
		return errors.New("operator 2's proof does not hold")
	}
	return nil
}

func (e *Event) checkLedger(s1, s2, key []byte) error {
	p, err := points(e.Cb, e.W, s1, e.C1, e.V1, s2, e.C2, e.V2, key, e.X2, e.Element)
	if err != nil || len(e.Proof) != 5*32 {
		return errElement
	}
	cb, w, pS1, c1, v1, pS2, c2, v2, pKey, x2, index := p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], p[8], p[9], p[10]
	var secrets [5]*ristretto.Scalar
	for i := range secrets {
		if secrets[i], err = scalar(e.Proof[i*32 : i*32+32]); err != nil {
			return err
		}
	}
	c, r, a, b, z := secrets[0], secrets[1], secrets[2], secrets[3], secrets[4]
	var opened ristretto.Point
	opened.Sub(cb, w)
	named := append(append(e.Source.encoded(), e.Target.encoded()...), lp(e.Tx)...)
	digest := sha256.Sum256(named)
	context := append([]byte(suite+"|index|"), digest[:]...)
	transcript := lps(
		e.D1, e.D2, e.X0, e.Cb, e.X1, e.X2, s1, s2, key, e.W, e.V1, e.V2, e.C1, e.C2, e.Element,
		commitment(r, c, pedersen(), &opened),
		commitment(a, c, pS1, c1),
		commitment(a, c, w, v1),
		commitment(b, c, pS2, c2),
		commitment(b, c, v1, v2),
		commitment(z, c, v2, pKey),
		commitment(z, c, x2, index),
	)
	if !hashToScalar(append(transcript, "Index"...), context).Equals(c) {
		return errors.New("another challenge")
	}
	return nil
}

// checkOperator checks one operator's conversion: one scalar joins d to c and before to after (RFC 9497 §2.2.2).
func (e *Event) checkOperator(number byte, d, c, before, after, proof []byte) bool {
	p, err := points(d, c, before, after)
	if err != nil || len(proof) != 64 {
		return false
	}
	challenge, err := scalar(proof[:32])
	if err != nil {
		return false
	}
	s, err := scalar(proof[32:])
	if err != nil {
		return false
	}
	bound := append(append(lp(d), e.Source.encoded()...), e.Target.encoded()...)
	digest := sha256.Sum256(append(append(bound, lp(e.Tx)...), number))
	context := append([]byte(suite+"|"), digest[:]...)
	seed := sha512.Sum512(lps(c, append([]byte("Seed-"), context...)))
	row := append(append(lp(seed[:]), 0, 0), lps(before, after)...)
	weight := hashToScalar(append(row, "Composite"...), context)
	var m, z ristretto.Point
	m.PublicScalarMult(p[2], weight)
	z.PublicScalarMult(p[3], weight)
	transcript := lps(c, m.Bytes(), z.Bytes(), commitment(s, challenge, p[0], p[1]), commitment(s, challenge, &m, &z))
	return hashToScalar(append(transcript, "Challenge"...), context).Equals(challenge)
}
