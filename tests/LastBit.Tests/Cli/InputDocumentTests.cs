using System.CommandLine;
using System.Text;
using LastBit.Cli;
using LastBit.Cli.Commands;

namespace LastBit.Tests.Cli;

/// <summary>The document of `compare -` and `noise -`: what its tables become, and what is said of one that is not right.</summary>
public sealed class InputDocumentTests
{
    [Theory]
    [InlineData("""{ "values": [0.91, "NaN", 0.9300] }""",
        """{"run":"1","value":0.91}|{"run":"2","value":"NaN"}|{"run":"3","value":0.9300}""")]
    [InlineData("""{ "values": [1e-300, 2], "seeds": [7, 8], "options": { "metric": "loss" } }""",
        """{"run":"1","loss":1e-300,"seed":7}|{"run":"2","loss":2,"seed":8}""")]
    [InlineData("""{ "values": [1], "names": ["first"], "folds": [3], "ks": [5] }""", """{"value":1,"k":5,"fold":3,"run":"first"}""")]
    [InlineData("""{ "columns": { "epoch": [1, 2], "acc": [0.5, null] } }""", """{"epoch":1,"acc":0.5}|{"epoch":2,"acc":null}""")]
    [InlineData("""{ "schema": 1, "command": "noise", "rows": [{ "seed": 1, "acc": 90 }] }""", """{"seed":1,"acc":90}""")]
    public void A_table_becomes_a_log_with_the_digits_that_were_given(string json, string lines)
    {
        using InputDocument document = Read("noise", json);
        RunsQuestion question = Assert.Single(document.Questions);
        Assert.Equal(lines.Split('|'), File.ReadAllLines(Assert.Single(question.Paths).Path));
        Assert.False(document.HasSeveral);
    }

    [Fact]
    public void Options_are_those_of_the_command_and_a_question_has_its_own()
    {
        using InputDocument document = Read("compare", """
            { "options": { "metric": "acc", "seedColumn": "s", "latex": true, "json": false, "difference": null }, "questions": [
              { "name": "first", "trainings": [ { "name": "a=1/x", "values": [1, 2] }, { "name": "b", "columns": { "acc": [1, 2], "s": [1, 2] } } ] },
              { "rows": [ { "acc": 1, "recipe": "a" } ], "options": { "metric": ["loss", "acc"], "difference": 0.3 } } ] }
            """);
        Assert.True(document.HasSeveral);
        Assert.Equal(["first", null], document.Questions.Select(question => question.Name));
        Assert.Equal([["acc"], ["loss", "acc"]], document.Questions.Select(question => LogOptions.MetricsOf(question.Parse)));
        Assert.Equal([null, 0.3], document.Questions.Select(question => question.Parse.GetValue(LogOptions.Difference)));
        Assert.All(document.Questions, question => Assert.True(question.Parse.GetValue(LogOptions.Latex)));
        Assert.Equal(["a=1/x", "b"], document.Questions[0].Paths.Select(one => one.Name));
        Assert.Equal("standard input, training 'a=1/x', value 2: x",
            document.Questions[0].Rename($"{document.Questions[0].Paths[0].Path}:2: x"));
        Assert.Equal("standard input, training 'b', row 1: x", document.Questions[0].Rename($"{document.Questions[0].Paths[1].Path}:1: x"));
    }

    [Theory]
    [InlineData("noise", "[1]", "the document is a list; an object is right")]
    [InlineData("noise", "{ \"values\": [NaN] }", "is not JSON at line 1, column")]
    [InlineData("noise", "", "is not JSON")]
    [InlineData("noise", """{ "valeus": [1] }""", "has a member \"valeus\"; those that are known are schema")]
    [InlineData("noise", """{ "schema": 2, "values": [1] }""", "\"schema\" is 2; this program reads 1")]
    [InlineData("noise", """{ "command": "compare", "values": [1] }""", "this is noise; give the document to that command")]
    [InlineData("noise", """{ "trainings": [] }""", "\"trainings\" are for compare")]
    [InlineData("noise", """{ "options": {} }""", "table has no table; give one of \"values\"")]
    [InlineData("noise", """{ "values": [1], "rows": [] }""", "table has \"rows\" and \"values\", more than one table")]
    [InlineData("noise", """{ "values": [1, 2], "seeds": [1] }""", "seed has 1 cells where another column has 2")]
    [InlineData("noise", """{ "values": [1, "2.5", null, "NaN", "x"] }""", "table, value 5: is \"x\"; a number is right, or \"NaN\"")]
    [InlineData("compare", """{ "trainings": [ { "name": "A", "values": [1, true] } ] }""", "training 'A', value 2: is true; a number")]
    [InlineData("noise", """{ "values": 1 }""", "\"values\" is a number; a list is right")]
    [InlineData("noise", """{ "rows": [1] }""", "a row is a number; an object is right")]
    [InlineData("noise", """{ "questions": [] }""", "\"questions\" is empty")]
    [InlineData("noise", """{ "values": [1], "options": { "metirc": "x" } }""", "unknown option --metirc; did you mean --metric?")]
    [InlineData("noise", """{ "values": [1], "options": { "difference": "much" } }""", "--difference: 'much' is not a positive number")]
    [InlineData("compare", """{ "trainings": [ { "values": [1] } ] }""", "a training has no \"name\"")]
    public void What_is_not_such_a_document_is_refused_in_one_line(string command, string json, string expected)
    {
        InputException error = Assert.Throws<InputException>(() => Read(command, json));
        Assert.StartsWith("standard input: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    private static InputDocument Read(string command, string json)
    {
        ParseResult parse = AllCommands.Create().Parse([command, "-"], new ParserConfiguration { EnablePosixBundling = false });
        return InputDocument.Read(new MemoryStream(Encoding.UTF8.GetBytes(json)), parse);
    }
}
