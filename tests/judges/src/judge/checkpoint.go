// Package judge holds what both judges share: signed checkpoints, witnesses, and proofs kept in files. It is written
// from the C2SP specifications and uses Go's own sumdb packages, nothing of the program it judges.
package judge

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	typeEd25519  = 0x01
	typeCosigned = 0x04
)

// In which way a checkpoint cannot be believed; anything else means that it cannot be read.
var (
	ErrLog          = errors.New("the log itself has not signed the checkpoint")
	ErrWrongWitness = errors.New("wrong witness")
	ErrTooFew       = errors.New("too few witnesses")
)

// Policy says whom a checkpoint must be signed by: its log, and so many of the witnesses.
type Policy struct {
	Log       note.Verifier
	Witnesses []note.Verifier
	Quorum    int
	passed    map[string]bool // keys of witnesses whose signature type this judge does not know
}

// Checkpoint is a log's state that its policy lets us believe.
type Checkpoint struct {
	Origin string
	Tree   tlog.Tree
	Times  map[string]int64 // when each witness cosigned, Unix seconds
}

type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func (c *cosigner) Name() string    { return c.name }
func (c *cosigner) KeyHash() uint32 { return c.hash }

// Verify checks a timestamped signature: 8 bytes of time, then Ed25519 over the cosigned message.
func (c *cosigner) Verify(msg, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize || sig[0]&0x80 != 0 {
		return false
	}
	head := fmt.Sprintf("cosignature/v1\ntime %d\n", binary.BigEndian.Uint64(sig))
	return ed25519.Verify(c.key, append([]byte(head), msg...), sig[8:])
}

// NewWitness reads a witness's published key; nil without an error for a signature type this judge does not know.
func NewWitness(vkey string) (note.Verifier, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 || parts[0] == "" || strings.ContainsAny(parts[0], " \n\t") {
		return nil, errors.New("not a witness key: " + vkey)
	}
	material, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(material) < 2 {
		return nil, errors.New("not a witness key: " + vkey)
	}
	sum := sha256.Sum256(append([]byte(parts[0]+"\n"), material...))
	hash := binary.BigEndian.Uint32(sum[:])
	if fmt.Sprintf("%08x", hash) != parts[1] {
		return nil, errors.New("the key id does not belong to the witness key: " + vkey)
	}
	if material[0] != typeCosigned {
		return nil, nil
	}
	if len(material) != 1+ed25519.PublicKeySize {
		return nil, errors.New("not an Ed25519 witness key: " + vkey)
	}
	return &cosigner{parts[0], hash, material[1:]}, nil
}

// NewPolicy reads the keys of a log and its witnesses. Witnesses of unknown signature types never count.
func NewPolicy(log string, witnesses []string, quorum int) (*Policy, error) {
	verifier, err := note.NewVerifier(log)
	if err != nil {
		return nil, fmt.Errorf("log key: %w", err)
	}
	policy := &Policy{Log: verifier, Quorum: quorum, passed: map[string]bool{}}
	for _, vkey := range witnesses {
		witness, err := NewWitness(vkey)
		if err != nil {
			return nil, err
		}
		if witness == nil {
			parts := strings.SplitN(vkey, "+", 3)
			policy.passed[parts[0]+"+"+parts[1]] = true
		} else {
			policy.Witnesses = append(policy.Witnesses, witness)
		}
	}
	return policy, nil
}

// Open verifies a checkpoint: the log's signature under its own name, no false signature of anybody known, the quorum.
func (p *Policy) Open(text []byte) (*Checkpoint, error) {
	opened, err := note.Open(text, note.VerifierList(append([]note.Verifier{p.Log}, p.Witnesses...)...))
	if err != nil {
		return nil, p.fault(err)
	}
	found := &Checkpoint{Times: map[string]int64{}}
	signed := false
	for _, sig := range opened.Sigs {
		if sig.Name == p.Log.Name() && sig.Hash == p.Log.KeyHash() {
			signed = true
			continue
		}
		raw, err := base64.StdEncoding.DecodeString(sig.Base64)
		if err != nil {
			return nil, err
		}
		found.Times[sig.Name] = int64(binary.BigEndian.Uint64(raw[4:]))
	}
	lines := strings.SplitN(opened.Text, "\n", 2)
	found.Origin = lines[0]
	if !signed || found.Origin != p.Log.Name() {
		return nil, ErrLog
	}
	// Only the first line of a checkpoint differs from the tree heads of Go's checksum database.
	found.Tree, err = tlog.ParseTree([]byte("go.sum database tree\n" + lines[1]))
	if err != nil {
		return nil, err
	}
	if len(found.Times) >= p.Quorum {
		return found, nil
	}
	for _, sig := range opened.UnverifiedSigs {
		if !p.passed[fmt.Sprintf("%s+%08x", sig.Name, sig.Hash)] {
			return nil, fmt.Errorf("%w: %s is none of the policy's", ErrWrongWitness, sig.Name)
		}
	}
	return nil, fmt.Errorf("%w: %d of %d", ErrTooFew, len(found.Times), p.Quorum)
}

func (p *Policy) fault(err error) error {
	switch wrong := err.(type) {
	case *note.UnverifiedNoteError:
		return ErrLog
	case *note.InvalidSignatureError:
		if wrong.Name == p.Log.Name() && wrong.Hash == p.Log.KeyHash() {
			return ErrLog
		}
		return fmt.Errorf("%w: the signature of %s is false", ErrWrongWitness, wrong.Name)
	}
	return err
}

// Proof is a C2SP tlog-proof: where an entry stands, the path, and the checkpoint as it was signed.
type Proof struct {
	Index      int64
	Path       tlog.RecordProof
	Checkpoint []byte
}

// ParseProof reads the text of a .tlog-proof file.
func ParseProof(text string) (*Proof, error) {
	malformed := errors.New("not a tlog-proof")
	parts := strings.SplitN(text, "\n\n", 2)
	lines := strings.Split(parts[0], "\n")
	if len(parts) != 2 || lines[0] != "c2sp.org/tlog-proof@v1" {
		return nil, malformed
	}
	lines = lines[1:]
	if len(lines) > 0 && strings.HasPrefix(lines[0], "extra ") {
		if _, err := base64.StdEncoding.DecodeString(lines[0][len("extra "):]); err != nil {
			return nil, malformed
		}
		lines = lines[1:]
	}
	if len(lines) == 0 || !strings.HasPrefix(lines[0], "index ") || len(lines) > 64 {
		return nil, malformed
	}
	number := lines[0][len("index "):]
	index, err := strconv.ParseInt(number, 10, 64)
	if err != nil || index < 0 || number != strconv.FormatInt(index, 10) {
		return nil, malformed
	}
	proof := &Proof{Index: index, Checkpoint: []byte(parts[1])}
	for _, line := range lines[1:] {
		hash, err := tlog.ParseHash(line)
		if err != nil || hash.String() != line {
			return nil, malformed
		}
		proof.Path = append(proof.Path, hash)
	}
	return proof, nil
}

// Check opens the proof's checkpoint under a policy and finds the entry below its root.
func (p *Proof) Check(entry []byte, policy *Policy) (*Checkpoint, error) {
	checkpoint, err := policy.Open(p.Checkpoint)
	if err != nil {
		return nil, err
	}
	if p.Index >= checkpoint.Tree.N {
		return nil, errors.New("the entry is not under the checkpoint")
	}
	err = tlog.CheckRecord(p.Path, checkpoint.Tree.N, checkpoint.Tree.Hash, p.Index, tlog.RecordHash(entry))
	if err != nil {
		return nil, errors.New("the entry is not under the checkpoint: " + err.Error())
	}
	return checkpoint, nil
}
