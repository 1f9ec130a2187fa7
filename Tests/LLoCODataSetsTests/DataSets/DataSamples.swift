import LLoCODocuments

/// An invented record of each JSON format.
enum DataSamples {
    static let lloco = """
        {"id":"d1","title":"The mill","document":"The mill burnt down in May.","questions":[\
        {"id":"q1","question":"When did it burn?","answers":["In May","May"]},\
        {"id":"q2","question":"Où?","answers":["Là \\u00e9"]}]}
        """

    static let quality = """
        {"article_id":"a1","set_unique_id":"a1_X","batch_num":"23","writer_id":"1","source":"Own","title":"The Pond",\
        "author":"Nobody","topic":"Nature","url":"","license":"own","article":"A pond.<br/>Two frogs &amp; a newt.",\
        "questions":[{"question":"How many frogs?","question_unique_id":"a1_X_1","options":["One","Two","<i>Three</i>",\
        "4 &lt; 5"],"writer_label":1,"gold_label":2,"validation":[],"speed_validation":[],"difficult":1},\
        {"question":"What else?","question_unique_id":"a1_X_2","options":["A newt","A cat"],"writer_label":1,\
        "difficult":0}]}
        """

    static let qasper = """
        {"1234.5678":{"title":"On kettles","abstract":"We boil.","full_text":[
          {"section_name":"Introduction","paragraphs":["Kettles are hot.","So are pans."]},
          {"section_name":null,"paragraphs":["",  "End."]}],
          "qas":[
            {"question":"What is hot?","question_id":"k1","nlp_background":"two","answers":[
              {"answer":{"unanswerable":false,"extractive_spans":["Kettles","pans"],"yes_no":null,"free_form_answer":"",
                "evidence":["Kettles are hot."],"highlighted_evidence":[]},"annotation_id":"x","worker_id":"y"},
              {"answer":{"unanswerable":false,"extractive_spans":[],"yes_no":null,"free_form_answer":"Two things",
                "evidence":["Kettles are hot.","So are pans."],"highlighted_evidence":[]}}]},
            {"question":"Is it cold?","question_id":"k2","answers":[
              {"answer":{"unanswerable":false,"extractive_spans":[],"yes_no":false,"free_form_answer":"",
                "evidence":[]}},
              {"answer":{"unanswerable":false,"extractive_spans":[],"yes_no":true,"free_form_answer":""}}]},
            {"question":"Who paid?","question_id":"k3","answers":[
              {"answer":{"unanswerable":true,"extractive_spans":[],"yes_no":null,"free_form_answer":"",
                "evidence":[]}}]}],
          "figures_and_tables":[]}}
        """

    static let qmsum = """
        {"topic_list":[{"topic":"Tea","relevant_text_span":[["0","1"]]}],\
        "general_query_list":[{"query":"Summarize the meeting.","answer":"They drank tea."}],\
        "specific_query_list":[{"query":"What did Ada say?","answer":"That it was hot.",\
        "relevant_text_span":[["0","0"],["1",1]]}],\
        "meeting_transcripts":[{"speaker":"Ada","content":"Hot tea ."},{"speaker":"Bo","content":"{vocalsound} Yes ."}]}
        """

    static let squality = """
        {"metadata":{"passage_id":"s9","uid":"u","license":"own"},"document":"A robot walks home.","questions":[\
        {"question_text":"What is the plot of the story?","question_number":1,"responses":[\
        {"worker_id":"1","uid":"r1","response_text":"A robot walks."},{"worker_id":"2","response_text":"It goes home."}]},\
        {"question_text":"Who walks?","question_number":2,"responses":[{"response_text":"A robot."}]}]}
        """

    static let hotpotqa = """
        {"_id":"h1","question":"Which lake is by Ulm's twin?","answer":"Blue lake","type":"bridge","level":"hard",
         "supporting_facts":[["Ulm",0],["Lost town",3]],
         "context":[["Ulm",["Ulm has a twin."," It is small."]],["Blue lake",["It is blue."]]]}
        """

    static let longbench = """
        {"input":"Who sings?","context":"The crow sings.","answers":["The crow","A crow"],"length":3,\
        "dataset":"multifieldqa_en","language":"en","all_classes":null,"_id":"lb1"}
        """

    static let longbenchV2 = """
        {"_id":"v1","domain":"Single","sub_domain":"Tales","difficulty":"easy","length":"short","question":"Who won?",
         "choice_A":"Ann","choice_B":"Ben","choice_C":"Cid","choice_D":"Dot","answer":"C","context":"Cid won."}
        """

    static let govReport = """
        {"id":"GAO-1","title":"Roads","url":"","released_date":"","published_date":"","report":[
          {"section_title":"Letter","paragraphs":["Roads age."],"subsections":[
            {"section_title":"Bridges","paragraphs":["So do bridges."],"subsections":[]}]},
          {"section_title":"","paragraphs":["The end."],"subsections":[]}],
         "highlight":[{"section_title":"What GAO Found","paragraphs":["They age.","All of them."]},
          {"section_title":"What GAO Recommends","paragraphs":["Mend them."]}],"fastfact":""}
        """

    static let scrolls = """
        {"id":"sc1","pid":"sc1_0","input":"Who ran?\\n\\nThe dog ran.\\n\\nThe cat slept.","output":"The dog"}
        """

    /// A Hugging Face row with the same paper as ``qasper``.
    static let qasperRow = """
        {"id":"1234.5678","title":"On kettles","abstract":"We boil.","full_text":{
          "section_name":["Introduction",null],"paragraphs":[["Kettles are hot.","So are pans."],["","End."]]},
         "qas":{"question":["What is hot?","Is it cold?","Who paid?"],"question_id":["k1","k2","k3"],
          "nlp_background":["two","two","two"],"answers":[
           {"answer":[{"unanswerable":false,"extractive_spans":["Kettles","pans"],"yes_no":null,"free_form_answer":"",
             "evidence":["Kettles are hot."],"highlighted_evidence":[]},
             {"unanswerable":false,"extractive_spans":[],"yes_no":null,"free_form_answer":"Two things",
             "evidence":["Kettles are hot.","So are pans."],"highlighted_evidence":[]}],
            "annotation_id":["x","y"],"worker_id":["x","y"]},
           {"answer":[{"unanswerable":false,"extractive_spans":[],"yes_no":false,"free_form_answer":"","evidence":[]},
             {"unanswerable":false,"extractive_spans":[],"yes_no":true,"free_form_answer":""}],
            "annotation_id":[],"worker_id":[]},
           {"answer":[{"unanswerable":true,"extractive_spans":[],"yes_no":null,"free_form_answer":"","evidence":[]}]}]},
         "figures_and_tables":{"caption":[],"file":[]}}
        """

    static let squad = """
        {"version":"v2.0","data":[
          {"title":"Mills","paragraphs":[
            {"context":"The mill burnt down in May.","qas":[
              {"id":"s1","question":"When did it burn?","is_impossible":false,"answers":[
                {"text":"May","answer_start":23},{"text":"in May","answer_start":20},{"text":"May","answer_start":23}]},
              {"id":"s2","question":"Who paid for it?","is_impossible":true,"answers":[],"plausible_answers":[
                {"text":"The mill","answer_start":0}]}]},
            {"context":"It was built again.","qas":[]}]},
          {"title":"Ponds","paragraphs":[
            {"context":"The pond is deep.","qas":[
              {"id":"s3","question":"What is deep?","is_impossible":false,"answers":[
                {"text":"The pond","answer_start":0}]}]}]}]}
        """

    static let squad1 = """
        {"data":[{"title":"Mills","paragraphs":[{"context":"The mill burnt down in May.","qas":[
          {"id":"s1","question":"When did it burn?","answers":[{"text":"May","answer_start":23}]}]}]}],"version":"1.1"}
        """

    static let leval = """
        {"instructions":["What burnt?\\n(A) A mill\\n(B) A boat","What rose?\\n(A) A hill\\n(B) The river"],\
        "outputs":["(A) A mill","(B) The river"],"input":"The mill burnt. The river rose.","source":"quality_own",\
        "evaluation":"exam"}
        """

    static let loogle = """
        {"input":"Ida was born in Brelby.","title":"Ida","qa_pairs":"[{'Q': 'Where was Ida born?', 'A': 'In Brelby\\\\u2019s \
        mill', 'type': 'short', 'S': [\\"Ida\\\\'s town\\"]}, {'Q': \\"How many?\\\\n1. one\\", 'A': 3, 'S': []}]","output":"None"}
        """

    static let ruler = """
        {"index":4,"input":"A special number is hidden below. Remember it.\\nThe grass is green.\\nThe number of Ulm is 77.\\n\
        What is the number of Ulm in the text? The number of Ulm in the text is","outputs":["77"],"length":40}
        """

    static let triviaqa = """
        {"Data":[
          {"Answer":{"Aliases":["Éire","O'Neil"],"MatchedWikiEntityName":"","NormalizedAliases":["éire","o neil"],
            "NormalizedValue":"éire","Type":"WikipediaEntity","Value":"Éire"},
           "EntityPages":[{"DocSource":"TagMe","Filename":"Isle.txt","Title":"Isle"},
             {"DocSource":"TagMe","Filename":"Isle.txt","Title":"Isle"}],
           "Question":"Which isle is green?","QuestionId":"tc_1","QuestionSource":"own",
           "SearchResults":[{"Filename":"1/1_2.txt","Rank":0,"Title":"x","Url":""},{"Rank":1,"Title":"no file"}]}],
         "Domain":"Web","VerifiedEval":false,"Version":1.0}
        """
}
