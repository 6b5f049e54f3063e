using System.Reflection;
using LastBit.Cli.Commands;
using LastBit.Experiments;
using LastBit.Experiments.Reproduction;
using LastBit.Reports;

namespace LastBit.Tests.Experiments;

/// <summary>An experiment is registered by one line a project; a test fails where one is missing.</summary>
public class ExperimentListTests
{
    [Fact]
    public void Every_experiment_stands_in_the_list()
    {
        Experiment[] declared = [.. typeof(Experiment).Assembly.GetTypes().Where(type => !type.ContainsGenericParameters)
            .SelectMany(type => type.GetProperties(BindingFlags.Public | BindingFlags.Static))
            .Where(property => property.Name == "Experiment" && property.PropertyType.IsAssignableTo(typeof(Experiment)))
            .Select(property => (Experiment)property.GetValue(null)!)];
        Assert.True(declared.Length > 9, $"There are {declared.Length} experiments.");
        Assert.Equal(declared.Select(one => one.Name).Order(), AllExperiments.List.Select(one => one.Name).Order());
        Assert.Distinct(AllExperiments.List.Select(one => one.Name));
        Assert.All(AllExperiments.List, one => Assert.NotNull(one.Document));
        Assert.All(AllExperiments.List, one => Assert.Same(one, AllExperiments.Of(one.Name)));
    }

    [Fact]
    public void Every_experiment_has_a_command_and_every_part_of_the_paper_a_section()
    {
        Assert.Equal(AllExperiments.List.Select(one => one.Name).Order(),
            ExperimentCommand.All.Select(command => command.Experiment.Name).Order());
        Assert.Equal(
            AllExperiments.List.Where(one => one.Part is not null).Select(one => one.Name).Order(),
            Report.Parts.Select(part => part.Experiment.Name).Order());
        Assert.All(Report.Parts, part => Assert.Equal(part.Experiment.Document, part.Documents[0]));
        Assert.All(AllExperiments.List.Where(one => one.Part is not null), one => Assert.NotEmpty(one.Title));
    }
}
