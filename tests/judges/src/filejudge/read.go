package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"sort"
	"strconv"
	"strings"
	"time"

	"judge"
)

const longest = 32 << 20

type object = map[string]interface{}

type policy struct {
	trust       judge.Policy
	key, s1, s2 []byte
	since       string

	portal, first, second ed25519.PublicKey // who signs a look: the portal the slip, the operators their stamps
}

type said struct {
	kind, tx, commit string
	time             int64
}

type line struct {
	at   uint64
	hash []byte
	said *said
}

type step struct {
	left bool
	hash []byte
	sum  uint64
}

type file struct {
	label, head []byte
	n, shown    uint64
	lines       []line
	path        []step
	epoch, tlog string
	evidence    object
}

type epoch struct {
	number, total, depth, xSize uint64
	root                        []byte
	xOrigin                     string
	time                        int64     // Unix milliseconds, by the ledger's clock
	edge                        time.Time // what is older may be erased, by the witnesses' clocks
}

// reader takes members out of objects; the first that is missing or of another kind is the error.
type reader struct {
	err error
}

func (r *reader) fail(name string) {
	if r.err == nil {
		r.err = errors.New(name + " is missing or not what it should be")
	}
}

func (r *reader) only(from object, names ...string) {
	for _, name := range names {
		if _, ok := from[name]; !ok {
			r.fail(name)
		}
	}
	if len(from) != len(names) {
		r.fail("a member")
	}
}

func (r *reader) object(from object, name string) object {
	value, ok := from[name].(object)
	if !ok {
		r.fail(name)
	}
	return value
}

func (r *reader) list(from object, name string) []interface{} {
	value, ok := from[name].([]interface{})
	if !ok {
		r.fail(name)
	}
	return value
}

func (r *reader) text(from object, name string) string {
	value, ok := from[name].(string)
	if !ok {
		r.fail(name)
	}
	return value
}

func (r *reader) number(from object, name string) uint64 {
	text, _ := from[name].(json.Number)
	value, err := strconv.ParseUint(string(text), 10, 64)
	if err != nil {
		r.fail(name)
	}
	return value
}

func (r *reader) hash(from object, name string) []byte {
	value, err := unhex(r.text(from, name))
	if err != nil {
		r.fail(name)
	}
	return value
}

func (r *reader) bytes(from object, name string) []byte {
	text := r.text(from, name)
	value, err := base64.StdEncoding.DecodeString(text)
	if err != nil || base64.StdEncoding.EncodeToString(value) != text {
		r.fail(name)
	}
	return value
}

func (r *reader) document(data []byte) object {
	value, err := judge.ReadOneForm(data)
	found, ok := value.(object)
	if err != nil || !ok {
		r.fail("a paper")
	}
	return found
}

func unhex(text string) ([]byte, error) {
	value, err := hex.DecodeString(text)
	if err == nil && (len(value) != 32 || hex.EncodeToString(value) != text) {
		err = errors.New("a hash is 64 lower-case hexadecimal digits")
	}
	return value, err
}

func readPolicy(data []byte) (*policy, error) {
	var read struct {
		Format, Log, Key, Since string
		Quorum                  int
		Witnesses               []string
		Commitments, Signers    map[string]string
	}
	if err := json.Unmarshal(data, &read); err != nil || read.Format != "kumihimo-policy/1" || read.Quorum < 1 {
		return nil, errors.New("not a kumihimo-policy/1")
	}
	trust, err := judge.NewPolicy(read.Log, read.Witnesses, read.Quorum)
	if err != nil {
		return nil, err
	}
	found := &policy{trust: *trust, since: read.Since}
	var wrong [6]error
	found.key, wrong[0] = unhex(read.Key)
	found.s1, wrong[1] = unhex(read.Commitments["1"])
	found.s2, wrong[2] = unhex(read.Commitments["2"])
	found.portal, wrong[3] = signKey(read.Signers["portal"])
	found.first, wrong[4] = signKey(read.Signers["1"])
	found.second, wrong[5] = signKey(read.Signers["2"])
	for _, err := range wrong {
		if err != nil {
			return nil, err
		}
	}
	if _, err := time.Parse("2006-01-02", read.Since); err != nil {
		return nil, err
	}
	return found, nil
}

func signKey(text string) (ed25519.PublicKey, error) {
	value, err := unbase64url(text)
	if err == nil && len(value) != ed25519.PublicKeySize {
		err = errors.New("the policy names a portal and two operators, by keys of 32 bytes")
	}
	return value, err
}

func readFile(data []byte) (*file, error) {
	if len(data) > longest {
		return nil, errors.New("too long")
	}
	value, err := judge.ReadDocument(data)
	document, ok := value.(object)
	if err != nil || !ok {
		return nil, errors.New("not a document that reads in one way only")
	}
	r := &reader{}
	r.only(document, "format", "made", "others", "person", "proof", "records")
	if r.text(document, "format") != "kumihimo-records/1" {
		r.fail("format")
	}
	r.number(document, "made")
	person := r.object(document, "person")
	r.only(person, "code", "label")
	r.hash(person, "code")
	proof := r.object(document, "proof")
	r.only(proof, "epoch", "label", "leaf", "map", "tlog")
	leaf := r.object(proof, "leaf")
	r.only(leaf, "head", "n")
	found := &file{
		label: r.hash(person, "label"), head: r.hash(leaf, "head"), n: r.number(leaf, "n"),
		path: r.path(r.list(proof, "map")), epoch: r.text(proof, "epoch"), tlog: r.text(proof, "tlog"),
		evidence: r.object(proof, "label"),
	}
	r.evidence(found.evidence)
	r.records(found, r.list(document, "records"), r.lines(r.list(document, "others")))
	return found, r.err
}

// evidence checks the outer form of the label's papers; what stands in them is judged with the label.
func (r *reader) evidence(evidence object) {
	r.only(evidence, "first", "index", "proof", "salt", "second", "slip", "source", "target", "v")
	for _, name := range []string{"first", "second", "slip"} {
		paper := r.object(evidence, name)
		r.only(paper, "body", "jws")
		r.bytes(paper, "body")
		r.text(paper, "jws")
	}
	shown := r.object(evidence, "proof")
	r.only(shown, "c1", "c2", "index", "proof", "v1", "v2", "w")
	for name := range shown {
		r.bytes(shown, name)
	}
	r.number(evidence, "index")
	r.text(evidence, "source")
	r.text(evidence, "target")
}

func (r *reader) path(values []interface{}) []step {
	var path []step
	for _, value := range values {
		triple, _ := value.([]interface{})
		if len(triple) != 3 {
			r.fail("map")
			return nil
		}
		named := object{"side": triple[0], "hash": triple[1], "sum": triple[2]}
		side := r.text(named, "side")
		if side != "L" && side != "R" {
			r.fail("side")
		}
		path = append(path, step{side == "L", r.hash(named, "hash"), r.number(named, "sum")})
	}
	return path
}

// records collects all lines in the order of the chain. A record is one counted entry and what belongs to it.
func (r *reader) records(into *file, records []interface{}, others []line) {
	into.lines = append(into.lines, others...)
	homes := map[string]uint64{}
	before := uint64(0)
	for _, value := range records {
		record, _ := value.(object)
		r.only(record, "lines")
		lines := r.lines(r.list(record, "lines"))
		if len(lines) == 0 || lines[0].at <= before || (lines[0].said != nil && !counted(lines[0].said.kind)) {
			r.fail("a record's first line")
			return
		}
		before = lines[0].at
		for _, line := range lines[1:] {
			apart := lines[0].said != nil && line.said != nil && lines[0].said.tx != line.said.tx
			if line.said != nil && (counted(line.said.kind) || apart) {
				r.fail("a record's line")
			}
		}
		if first := lines[0].said; first != nil {
			if _, known := homes[first.tx]; !known {
				homes[first.tx] = lines[0].at
			}
		}
		into.lines = append(into.lines, lines...)
		into.shown++
	}
	for _, line := range others {
		if line.said == nil {
			continue
		}
		home, known := homes[line.said.tx]
		if counted(line.said.kind) || (known && home < line.at) {
			r.fail("a line apart from its record")
		}
	}
	sort.SliceStable(into.lines, func(i, j int) bool { return into.lines[i].at < into.lines[j].at })
	for i := 1; i < len(into.lines); i++ {
		if into.lines[i].at == into.lines[i-1].at {
			r.fail("a place")
		}
	}
}

func counted(kind string) bool {
	return kind == "asked" || kind == "disclosed" || kind == "released"
}

func (r *reader) lines(values []interface{}) []line {
	var lines []line
	for _, value := range values {
		written, _ := value.(object)
		one := line{at: r.number(written, "at")}
		if _, ok := written["hash"]; ok {
			r.only(written, "at", "hash")
			one.hash = r.hash(written, "hash")
		} else {
			r.only(written, "at", "entry")
			text := r.text(written, "entry")
			sum := sha256.Sum256(append([]byte{0}, text...))
			one.hash, one.said = sum[:], r.said(text)
		}
		if one.at == 0 || (len(lines) > 0 && one.at <= lines[len(lines)-1].at) {
			r.fail("at")
		}
		lines = append(lines, one)
	}
	return lines
}

func (r *reader) said(text string) *said {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var entry object
	if err := decoder.Decode(&entry); err != nil || decoder.More() {
		r.fail("an entry")
	}
	commit, _ := entry["commit"].(string)
	one := &said{kind: r.text(entry, "kind"), tx: r.text(entry, "tx"), commit: commit}
	one.time = int64(r.number(entry, "time"))
	if !counted(one.kind) && one.kind != "outcome" && one.kind != "correction" {
		r.fail("kind")
	}
	return one
}

func readEpoch(text string) (*epoch, error) {
	r := &reader{}
	record := r.document([]byte(text))
	if r.text(record, "kind") != "epoch" || r.number(record, "v") != 1 {
		r.fail("kind")
	}
	found := &epoch{
		number: r.number(record, "epoch"), total: r.number(record, "total"), depth: r.number(record, "depth"),
		root: r.hash(record, "map_root"), xOrigin: r.text(record, "x_origin"), xSize: r.number(record, "x_size"),
	}
	at := r.number(record, "time")
	if at > math.MaxInt64/2 {
		r.fail("time")
	}
	found.time = int64(at)
	return found, r.err
}

// climb goes from the person's leaf to the root of the map and its sum.
func climb(file *file, depth uint64) ([]byte, uint64, error) {
	wrong := errors.New("not a path of this map")
	inside := len(file.path) - int(depth)
	if depth > 32 || inside < 0 || inside > 64 {
		return nil, 0, wrong
	}
	bucket := binary.BigEndian.Uint32(file.label) >> (32 - depth)
	sum := file.n
	leaf := append(append([]byte{2}, file.label...), binary.BigEndian.AppendUint64(nil, sum)...)
	node := sha256.Sum256(append(leaf, file.head...))
	for i, step := range file.path {
		if i >= inside && step.left != (bucket>>(i-inside)&1 == 1) {
			return nil, 0, fmt.Errorf("%w: a step on the wrong side", wrong)
		}
		empty := true
		for _, at := range step.hash {
			empty = empty && at == 0
		}
		total, carry := bits.Add64(sum, step.sum, 0)
		if carry != 0 || (empty && step.sum != 0) {
			return nil, 0, wrong
		}
		own := binary.BigEndian.AppendUint64(node[:], sum)
		other := binary.BigEndian.AppendUint64(append([]byte{}, step.hash...), step.sum)
		pair := append(append([]byte{3}, own...), other...)
		if step.left {
			pair = append(append([]byte{3}, other...), own...)
		}
		node, sum = sha256.Sum256(pair), total
	}
	return node[:], sum, nil
}
