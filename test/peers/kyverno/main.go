// Answers questions about expressions with Kyverno's own code: a JSON object a line in, one a line out.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"time"

	"github.com/go-logr/logr"
	kyvernov1 "github.com/kyverno/kyverno/api/kyverno/v1"
	"github.com/kyverno/kyverno/ext/wildcard"
	"github.com/kyverno/kyverno/pkg/config"
	enginecontext "github.com/kyverno/kyverno/pkg/engine/context"
	"github.com/kyverno/kyverno/pkg/engine/jmespath"
	"github.com/kyverno/kyverno/pkg/engine/variables"
	"github.com/kyverno/kyverno/pkg/engine/variables/operator"
)

// What a question may take: variables that bring forth themselves have no end in Kyverno.
const limit = 10 * time.Second

type question struct {
	Op string `json:"op"`
	// Numbers without fraction and exponent are int64, as in the objects that an API server sends, instead of float64, as in a
	// predicate.
	Integers   bool                         `json:"integers"`
	Context    json.RawMessage              `json:"context"`
	Expression string                       `json:"expression"`
	Document   json.RawMessage              `json:"document"`
	Operator   string                       `json:"operator"`
	Key        json.RawMessage              `json:"key"`
	Value      json.RawMessage              `json:"value"`
	Conditions []kyvernov1.AnyAllConditions `json:"conditions"`
	Predicate  map[string]any               `json:"predicate"`
	Pattern    string                       `json:"pattern"`
	Name       string                       `json:"name"`
}

type answer map[string]any

var (
	engine = jmespath.New(config.NewDefaultConfiguration(false))
	silent = logr.Discard()
)

func main() {
	log.SetFlags(0)
	lines := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := bufio.NewWriter(os.Stdout)
	for {
		line, err := lines.ReadBytes('\n')
		if len(bytes.TrimSpace(line)) > 0 {
			if _, err := out.Write(append(reply(line), '\n')); err != nil {
				log.Fatal(err)
			}
		}
		// What has been asked at once is answered at once.
		if err != nil || lines.Buffered() == 0 {
			if err := out.Flush(); err != nil {
				log.Fatal(err)
			}
		}
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			log.Fatal(err)
		}
	}
}

// An answer as JSON; for one that never comes the process ends after it has been said.
func reply(line []byte) []byte {
	done := make(chan answer, 1)
	go func() {
		defer func() {
			if reason := recover(); reason != nil {
				done <- answer{"panic": fmt.Sprint(reason)}
			}
		}()
		given, err := ask(line)
		if err != nil {
			given = answer{"error": err.Error()}
		}
		done <- given
	}()
	select {
	case given := <-done:
		return encode(given)
	case <-time.After(limit):
		log.Fatalf("no answer within %s: %s", limit, line)
		return nil
	}
}

func encode(given answer) []byte {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(given); err != nil {
		return encode(answer{"error": "the answer is not JSON: " + err.Error()})
	}
	return bytes.TrimSpace(text.Bytes())
}

func ask(line []byte) (answer, error) {
	var asked question
	if err := json.Unmarshal(line, &asked); err != nil {
		return nil, err
	}
	switch asked.Op {
	case "jmespath":
		return asked.jmespath()
	case "operator":
		return asked.operator()
	case "substitute":
		return asked.substitute()
	case "conditions":
		return asked.conditions()
	case "attestation":
		return asked.attestation()
	case "wildcard":
		return answer{"holds": wildcard.Match(asked.Pattern, asked.Name)}, nil
	case "functions":
		return functions(), nil
	default:
		return nil, fmt.Errorf("unknown op %q", asked.Op)
	}
}

func (asked question) jmespath() (answer, error) {
	root, err := asked.decode(asked.Context)
	if err != nil {
		return nil, err
	}
	value, err := engine.Search(asked.Expression, root)
	return answer{"value": value}, err
}

func (asked question) operator() (answer, error) {
	key, err := asked.decode(asked.Key)
	if err != nil {
		return nil, err
	}
	value, err := asked.decode(asked.Value)
	if err != nil {
		return nil, err
	}
	handler := operator.CreateOperatorHandler(silent, enginecontext.NewContext(engine), kyvernov1.ConditionOperator(asked.Operator))
	if handler == nil {
		return nil, fmt.Errorf("unknown operator %q", asked.Operator)
	}
	return answer{"holds": handler.Evaluate(key, value)}, nil
}

func (asked question) substitute() (answer, error) {
	scope, err := asked.scope()
	if err != nil {
		return nil, err
	}
	document, err := asked.decode(asked.Document)
	if err != nil {
		return nil, err
	}
	value, err := variables.SubstituteAll(silent, scope, document)
	return answer{"value": value}, err
}

// As preconditions are evaluated.
func (asked question) conditions() (answer, error) {
	scope, err := asked.scope()
	if err != nil {
		return nil, err
	}
	holds, message, err := variables.EvaluateAnyAllConditions(silent, scope, asked.Conditions)
	return answer{"holds": holds, "message": message}, err
}

// As an attestation's conditions are evaluated: the predicate is laid over the context, and variables are substituted twice.
func (asked question) attestation() (answer, error) {
	scope, err := asked.scope()
	if err != nil {
		return nil, err
	}
	if err := enginecontext.AddJSONObject(scope, asked.Predicate); err != nil {
		return nil, err
	}
	conditions, err := variables.SubstituteAllInConditions(silent, scope, asked.Conditions)
	if err != nil {
		return nil, err
	}
	holds, message, err := variables.EvaluateAnyAllConditions(silent, scope, conditions)
	return answer{"holds": holds, "message": message}, err
}

// The names of Kyverno's own functions, and what each takes.
func functions() answer {
	all := answer{}
	for _, each := range jmespath.GetFunctions(config.NewDefaultConfiguration(false)) {
		all[each.Name] = each.Arguments
	}
	return answer{"value": all}
}

func (asked question) scope() (enginecontext.Interface, error) {
	root, err := asked.decode(asked.Context)
	if err != nil {
		return nil, err
	}
	if root == nil {
		root = map[string]any{}
	}
	fields, ok := root.(map[string]any)
	if !ok {
		return nil, errors.New("the context is not an object")
	}
	return enginecontext.NewContextFromRaw(engine, fields), nil
}

func (asked question) decode(text json.RawMessage) (any, error) {
	if len(text) == 0 {
		return nil, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	if asked.Integers {
		decoder.UseNumber()
	}
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	return numbers(value)
}

func numbers(value any) (any, error) {
	switch typed := value.(type) {
	case json.Number:
		if whole, err := typed.Int64(); err == nil {
			return whole, nil
		}
		return typed.Float64()
	case []any:
		for i, each := range typed {
			read, err := numbers(each)
			if err != nil {
				return nil, err
			}
			typed[i] = read
		}
	case map[string]any:
		for name, each := range typed {
			read, err := numbers(each)
			if err != nil {
				return nil, err
			}
			typed[name] = read
		}
	}
	return value, nil
}
